package org.milena.broker.api.health;

import java.util.Map;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.milena.broker.api.BrokerStatus.Check;

/** Sums up checks: up when all are. */
final class Answers {

    private Answers() {
    }

    static HealthCheckResponse of(String name, boolean up, Map<String, Check> checks) {
        HealthCheckResponseBuilder answer = HealthCheckResponse.named(name)
            .status(up && checks.values().stream().allMatch(Check::up));
        checks.forEach((check, result) -> result.data().forEach((key, value) -> answer.withData(check + " " + key, value)));
        return answer.build();
    }
}
