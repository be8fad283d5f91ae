package org.milena.broker.api.health;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;
import org.milena.broker.api.BrokerStatus;

/** The broker can serve: started, log directories writable, metadata reachable. */
@Readiness
@ApplicationScoped
public class ReadinessCheck implements HealthCheck {

    /** Made at the start: see the package. */
    void start(@Observes @Initialized(ApplicationScoped.class) Object application) {
    }

    @Override
    public HealthCheckResponse call() {
        return Answers.of("milena-readiness", BrokerStatus.current().isStarted(), BrokerStatus.current().readiness());
    }
}
