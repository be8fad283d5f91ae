package org.milena.broker.api.health;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Startup;
import org.milena.broker.api.BrokerStatus;

/** The broker has started; shows how long each part of the start took. */
@Startup
@ApplicationScoped
public class StartupCheck implements HealthCheck {

    /** Made at the start: see the package. */
    void start(@Observes @Initialized(ApplicationScoped.class) Object application) {
    }

    @Override
    public HealthCheckResponse call() {
        BrokerStatus status = BrokerStatus.current();
        HealthCheckResponseBuilder answer = HealthCheckResponse.named("milena-startup").status(status.isStarted());
        status.phases().forEach(phase -> answer.withData(phase.name() + " ms", phase.millis()));
        return answer.build();
    }
}
