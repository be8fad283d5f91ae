package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.history.Checker;
import org.milena.broker.history.LateEndTxn;
import org.milena.broker.history.Workload;

/**
 * In the manner of Jepsen's Kafka workload: clients write and read in transactions over several partitions, while the broker is killed,
 * the group rebalances and EndTxn requests come late. {@link Checker} says what must not be seen. {@code -Dkills=} for as long as you
 * like; docs/transactions-and-xa.md has the commands.
 */
class TransactionHistoryTest {

    private static final int PARTITIONS = 4;

    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"classic", "consumer"})
    void noAnomaly(String protocol) throws Exception {
        long seed = Scene.seed("TransactionHistoryTest(" + protocol + ")");
        Random random = new Random(seed);
        int kills = Integer.getInteger("kills", Scene.count(2, 30));
        try (LateEndTxn network = new LateEndTxn(seed);
             ForkedBroker broker = new ForkedBroker(dir, List.of("-Xmx256m"), settings("log.segment.bytes", "1048576",
                     "advertised.listeners", "PLAINTEXT://127.0.0.1:" + network.port(), "transaction.state.log.num.partitions", "3",
                     "offsets.topic.num.partitions", "3")).start()) {
            broker.awaitServing();
            network.forwardTo(broker.port());
            Scene.createTopic(network.port(), "t", PARTITIONS, Map.of());
            try (Workload load = new Workload("127.0.0.1:" + network.port(), "t", PARTITIONS, 5, protocol, Scene.SESSION_MS,
                    Duration.ofSeconds(Scene.PATIENCE_S), seed)) {
                for (int kill = 0; kill < kills; kill++) {
                    load.awaitProgress(100);
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(1000)); // the random moment
                    broker.kill();
                    broker.start();
                }
                int late = network.overtaken();
                load.awaitProgress(100);
                Scene.await("late EndTxn requests", () -> network.overtaken() > late);
                var history = load.finish();
                System.out.println("TransactionHistoryTest(" + protocol + "): " + kills + " kills, " + network.late() + " EndTxn late, "
                        + network.overtaken() + " of them overtaken, " + load);
                assertThat(Checker.anomalies(history)).isEmpty();
            }
        }
    }

    private static Map<String, String> settings(String... more) {
        Map<String, String> settings = new HashMap<>(Scene.SHORT_SESSIONS);
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return settings;
    }

    /** Any cluster that runs somewhere, Apache Kafka too; whoever wants its nodes killed does it meanwhile. */
    @Test
    @EnabledIfSystemProperty(named = "bootstrap", matches = ".+")
    void noAnomalyInARunningCluster() throws Exception {
        long seed = Scene.seed("TransactionHistoryTest");
        String bootstrap = System.getProperty("bootstrap");
        String topic = "check-transactions-" + seed;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(PARTITIONS), Optional.empty()))).all().get(Scene.PATIENCE_S, TimeUnit.SECONDS);
        }
        try (Workload load = new Workload(bootstrap, topic, PARTITIONS, 8, "classic", 6000,
                Duration.ofSeconds(Scene.PATIENCE_S), seed)) {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.getLong("seconds", 60));
            while (System.nanoTime() < end) {
                load.awaitProgress(1);
            }
            var history = load.finish();
            System.out.println("TransactionHistoryTest: topic " + topic + " of " + bootstrap + ", " + load);
            assertThat(Checker.anomalies(history)).isEmpty();
        }
    }
}
