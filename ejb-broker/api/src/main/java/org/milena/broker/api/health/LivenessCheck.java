package org.milena.broker.api.health;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.milena.broker.api.BrokerStatus;

/** Nothing is broken that only a restart would mend. */
@Liveness
@ApplicationScoped
public class LivenessCheck implements HealthCheck {

    @Override
    public HealthCheckResponse call() {
        return Answers.of("milena-liveness", true, BrokerStatus.current().liveness());
    }
}
