package org.milena.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.milena.broker.history.Checker;
import org.milena.broker.history.Workload;
import org.milena.tests.broker.Cluster;
import org.milena.tests.broker.ExternalProcess;
import org.milena.tests.broker.WildFly;

/**
 * {@code kill -9} of WildFly with the EAR at random moments of transactions: no committed one is lost or torn, none that was aborted is
 * seen, and a group's offsets agree with what it wrote. {@code -Dseed=} repeats a run, {@code -Dmilena.long=true} kills 20 times.
 */
@Isolated("a server that is started again and again needs the machine")
class KilledServerInTransactionsTest {
    private static final int PARTITIONS = 3;

    @Test
    void noAnomalyAfterKills() throws Exception {
        Assumptions.assumeTrue(System.getProperty("milena.bootstrap", "").isEmpty(), "only a server of our own is killed");
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("KilledServerInTransactionsTest: -Dseed=" + seed);
        Random random = new Random(seed);
        int kills = Boolean.getBoolean("milena.long") ? 20 : 3;
        try (WildFly server = new WildFly(Path.of(System.getProperty("milena.test.target", "target"), "wildfly-killed-txn"))) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", server.bootstrap()))) {
                Cluster.get(admin.createTopics(List.of(new NewTopic("t", PARTITIONS, (short) 1))).all());
            }
            try (Workload load = new Workload(server.bootstrap(), "t", PARTITIONS, 4, "classic", 6000, ExternalProcess.PATIENCE, seed)) {
                for (int kill = 0; kill < kills; kill++) {
                    load.awaitProgress(100);
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(3000)); // the random moment
                    server.killAndRestart();
                }
                load.awaitProgress(100);
                var history = load.finish();
                System.out.println("KilledServerInTransactionsTest: " + kills + " kills, " + load);
                assertThat(Checker.anomalies(history)).isEmpty();
            }
        }
    }
}
