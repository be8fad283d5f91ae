package org.milena.tests.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator's monitoring is told: by the server's own health endpoint, by ours, by the status page and by the metrics. */
class HealthIT {

    /** No disk has so much. */
    private static final long MIN_FREE = 1L << 60;

    @TempDir
    Path directory;

    @Test
    void aBrokerThatIsNotReadySaysWhyAtEveryPlace() throws Exception {
        try (FreshServer server = FreshServer.in(directory)) {
            if (server instanceof FreshWildFly wildFly) {
                wildFly.addMicroProfileHealth();
            }
            server.settings.put("milena.log.dir.min.free", String.valueOf(MIN_FREE));
            server.start();
            server.deploy();
            server.await("the first look at the disk", () -> Web.get(server.httpPort(), "/milena/health/ready").statusCode() == 503);
            String why = "is almost full";
            for (HttpResponse<String> ready : new HttpResponse[] {Web.get(server.healthPort(), "/health/ready"),
                    Web.get(server.httpPort(), "/milena/health/ready"), Web.get(server.httpPort(), "/milena/health")}) {
                assertThat(ready.statusCode()).as(ready.body()).isEqualTo(503);
                assertThat(ready.body()).contains("\"status\":\"DOWN\"", why, "milena.log.dir.min.free is " + MIN_FREE);
            }
            assertThat(Web.get(server.httpPort(), "/milena/").body()).contains("Not ready.", why);
            // To restart it would help nobody.
            for (HttpResponse<String> alive : new HttpResponse[] {Web.get(server.healthPort(), "/health/live"), Web.get(server.healthPort(), "/health/started"),
                    Web.get(server.httpPort(), "/milena/health/live"), Web.get(server.httpPort(), "/milena/health/started")}) {
                assertThat(alive.statusCode()).as(alive.body()).isEqualTo(200);
                assertThat(alive.body()).contains("\"status\":\"UP\"");
            }
            assertThat(Web.get(server.healthPort(), "/health/live").body()).as("ours is among the server's").contains("threads");
            assertThat(Web.get(server.httpPort(), "/milena/metrics").body()).containsPattern("(?m)^milena_log_directory_writable\\{.*} 0");
        }
    }
}
