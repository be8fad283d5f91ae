package org.milena.broker.api.health;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.milena.broker.api.BrokerStatus;

/** Nothing is broken that only a restart would mend. */
@Liveness
@ApplicationScoped
public class LivenessCheck implements HealthCheck {

    /** Made at the start: see the package. */
    void start(@Observes @Initialized(ApplicationScoped.class) Object application) {
    }

    @Override
    public HealthCheckResponse call() {
        return Answers.of("milena-liveness", true, BrokerStatus.current().liveness());
    }
}
