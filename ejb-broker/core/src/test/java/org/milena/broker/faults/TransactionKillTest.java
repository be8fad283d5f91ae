package org.milena.broker.faults;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} of the broker at random moments of transactions: {@link TransactionLoad#verify} says what must hold. */
class TransactionKillTest {

    private static final int PARTITIONS = 3;

    @TempDir
    Path dir;

    @Test
    void transactionsOffsetsAndOutputAgreeAfterKills() throws Exception {
        long seed = Scene.seed("TransactionKillTest");
        Random random = new Random(seed);
        int kills = Scene.count(4, 60);
        try (ForkedBroker broker = new ForkedBroker(dir, List.of("-Xmx256m"), Map.of("log.segment.bytes", "1048576", "log.cleaner.threads", "0",
                "transaction.state.log.num.partitions", "3", "offsets.topic.num.partitions", "3")).start()) {
            broker.awaitServing();
            Scene.createTopic(broker.port(), TransactionLoad.IN, PARTITIONS, Map.of());
            Scene.createTopic(broker.port(), TransactionLoad.OUT, PARTITIONS, Map.of());
            try (TransactionLoad load = new TransactionLoad(broker.port(), PARTITIONS, 3, 2, seed)) {
                for (int kill = 0; kill < kills; kill++) {
                    load.awaitProgress();
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(1500)); // the random moment
                    broker.kill();
                    broker.start();
                }
                load.awaitProgress();
                load.finish();
                load.verify();
                System.out.println("TransactionKillTest: " + kills + " kills, " + load);
            }
        }
    }
}
