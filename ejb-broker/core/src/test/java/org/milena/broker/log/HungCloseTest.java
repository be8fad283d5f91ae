package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A disk that hangs while the broker stops: the stop ends, says so, and every other directory is closed cleanly. */
@Timeout(60)
class HungCloseTest {

    private static final Path A = Path.of("/a");
    private static final Path B = Path.of("/b");
    private final SimulatedDisk disk = new SimulatedDisk();
    private final LogFixture fixture = new LogFixture(disk, A, B);
    private final Map<Path, ExecutorService> threads = new HashMap<>();
    private final CountDownLatch healed = new CountDownLatch(1);

    @AfterEach
    void stop() {
        healed.countDown();
        threads.values().forEach(ExecutorService::shutdown);
    }

    private DirectoryExecutor executor(Path directory) {
        ExecutorService thread = threads.computeIfAbsent(directory, d -> Executors.newSingleThreadExecutor());
        return new DirectoryExecutor() {
            @Override
            public boolean inContext() {
                return false;
            }

            @Override
            public Executor forPartition(TopicPartition partition) {
                return thread;
            }
        };
    }

    private void hang(Path directory) {
        disk.fault((operation, file) -> {
            if (file.startsWith(directory) && operation != SimulatedDisk.Operation.READ) {
                try {
                    healed.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
        });
    }

    private static List<String> warnings(Runnable during) {
        Queue<String> warnings = new ConcurrentLinkedQueue<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                if (record.getLevel() == Level.WARNING) {
                    warnings.add(new java.util.logging.SimpleFormatter().formatMessage(record));
                }
            }

            @Override
            public void flush() {
            }

            @Override
            public void close() {
            }
        };
        Logger logger = Logger.getLogger("org.milena.broker.log");
        logger.addHandler(handler);
        try {
            during.run();
        } finally {
            logger.removeHandler(handler);
        }
        return List.copyOf(warnings);
    }

    @Test
    void theStopEndsAndTheOtherDirectoryIsClosedCleanly() throws Exception {
        FileLogManager manager = FileLogManager.open(new LogManagerOptions(fixture.dirs, 1, disk, fixture.clock(), this::executor,
                Runnable::run, 20, 86_400_000, fixture.config));
        for (int i = 0; i < 4; i++) {
            manager.getOrCreate(new TopicPartition("orders", i), LogFixture.TOPIC_ID, fixture.config, true)
                    .append(fixture.batch("v" + i), AppendOrigin.CLIENT, 0);
        }
        hang(B);
        assertThat(warnings(() -> manager.close(200))).singleElement().asString().contains("/b").contains("200 ms").contains("not marked");
        assertThat(disk.exists(A.resolve(LogNames.CLEAN_SHUTDOWN))).isTrue();
        assertThat(disk.exists(B.resolve(LogNames.CLEAN_SHUTDOWN))).isFalse();
        assertThat(manager.directories().get(0).openFiles()).isZero();
        healed.countDown();
        threads.get(B).shutdown();
        assertThat(threads.get(B).awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        assertThat(disk.exists(B.resolve(LogNames.CLEAN_SHUTDOWN))).as("nor once the disk is back").isFalse();
        assertThat(manager.directories().get(1).openFiles()).as("whoever hung gave back the files").isZero();
        disk.fault((operation, file) -> { });
        fixture.open();
        for (int i = 0; i < 4; i++) {
            assertThat(LogFixture.contents(fixture.log(new TopicPartition("orders", i)))).containsExactly("0=v" + i);
        }
        fixture.close();
    }
}
