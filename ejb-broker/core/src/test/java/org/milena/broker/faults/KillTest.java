package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} of the broker at random moments, while idempotent producers send and a group commits. */
class KillTest {

    private static final int PARTITIONS = 4;

    @TempDir
    Path dir;

    @Test
    void whatWasAcknowledgedIsThereOnceInOrderAtItsOffsetAfterKills() throws Exception {
        Random random = new Random(Scene.seed("KillTest"));
        int kills = Scene.count(6, 60);
        // small segments, so that kills also meet rolls, index files and snapshots
        try (ForkedBroker broker = new ForkedBroker(dir, List.of("-Xmx256m"), Map.of("log.segment.bytes", "1048576", "log.cleaner.threads", "0")).start()) {
            broker.awaitServing();
            int port = broker.port();
            Scene.createTopic(port, "t", PARTITIONS, Map.of());
            try (Load load = new Load(port, "t", PARTITIONS, 3)) {
                for (int kill = 0; kill < kills; kill++) {
                    load.awaitProgress();
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(1500)); // the random moment
                    broker.kill();
                    broker.start();
                }
                load.awaitProgress();
                load.finish();
                load.verify();
                System.out.println("KillTest: " + kills + " kills, " + load.acknowledged() + " records acknowledged, " + load.commits()
                        + " commits acknowledged");
            }
            try (Admin admin = Admin.create(Scene.properties(port))) {
                assertThat(admin.describeCluster().nodes().get(30, TimeUnit.SECONDS)).hasSize(1);
            }
            assertThat(Scene.readAll(port, new TopicPartition("t", 0))).isNotEmpty();
        }
    }
}
