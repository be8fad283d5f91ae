package org.milena.broker.api.health;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;
import org.milena.broker.api.BrokerStatus;

/** The broker can serve: started, log directories writable, metadata reachable. */
@Readiness
@ApplicationScoped
public class ReadinessCheck implements HealthCheck {

    @Override
    public HealthCheckResponse call() {
        return Answers.of("milena-readiness", BrokerStatus.current().isStarted(), BrokerStatus.current().readiness());
    }
}
