package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.junit.jupiter.api.Test;
import org.milena.broker.time.BrokerClock;

/** A topic is deleted while others are at work in its log, or comes back under its old name. */
class LogDeletionTest {

    private final SimulatedDisk disk = new SimulatedDisk();
    private final CountDownLatch blocked = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private volatile boolean holdClock;

    private final BrokerClock clock = new BrokerClock() {
        @Override
        public long millis() {
            if (holdClock) {
                holdClock = false;
                hold();
            }
            return LogFixture.START_MS;
        }

        @Override
        public long nanoTime() {
            return 0;
        }
    };

    private void hold() {
        blocked.countDown();
        try {
            assertThat(release.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private FileLogManager open() {
        return FileLogManager.open(new LogManagerOptions(List.of(Path.of("/logs")), 1, disk, clock, path -> LogFixture.sameThread(),
                Runnable::run, 20, 86_400_000, LogFixture.config(1 << 20)));
    }

    private static SegmentedLog log(FileLogManager manager) {
        return (SegmentedLog) manager.getOrCreate(LogFixture.TP, LogFixture.TOPIC_ID, LogFixture.config(1 << 20), true);
    }

    /** Starts {@code work}, waits until it is held, deletes the log meanwhile; returns what became of {@code work}. */
    private Throwable deleteDuring(FileLogManager manager, Runnable work) throws Exception {
        AtomicReference<Throwable> outcome = new AtomicReference<>();
        Thread worker = new Thread(() -> {
            try {
                work.run();
            } catch (Throwable e) {
                outcome.set(e);
            }
        });
        worker.start();
        assertThat(blocked.await(20, TimeUnit.SECONDS)).isTrue();
        Thread deleter = new Thread(() -> manager.delete(LogFixture.TP));
        deleter.start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (deleter.isAlive() && deleter.getState() != Thread.State.BLOCKED) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
        release.countDown();
        worker.join(20_000);
        deleter.join(20_000);
        assertThat(deleter.isAlive()).isFalse();
        return outcome.get();
    }

    private void failAtMissingDirectories() {
        disk.fault((operation, file) -> {
            if (operation == SimulatedDisk.Operation.SYNC_DIRECTORY && !disk.isDirectory(file)) {
                throw new FileNotFoundException(file.toString());
            }
        });
    }

    @Test
    void aDeletionDuringAFlushLeavesTheDirectoryOnline() throws Exception {
        FileLogManager manager = open();
        SegmentedLog log = log(manager);
        log.append(new LogFixture(disk).batch("a"), AppendOrigin.CLIENT, 0);
        disk.fault((operation, file) -> {
            if (operation == SimulatedDisk.Operation.FORCE && file.toString().endsWith(".log")) {
                failAtMissingDirectories();
                hold();
            }
        });
        deleteDuring(manager, log::flush);
        assertThat(log.directory().failure()).isEmpty();
        assertThatThrownBy(log::flush).isInstanceOf(KafkaStorageException.class).hasMessageContaining("closed");
    }

    @Test
    void aDeletionDuringAnAppendLeavesTheDirectoryOnline() throws Exception {
        FileLogManager manager = open();
        SegmentedLog log = log(manager);
        holdClock = true;
        deleteDuring(manager, () -> log.append(new LogFixture(disk).batch("a"), AppendOrigin.CLIENT, 0));
        assertThat(log.directory().failure()).isEmpty();
        assertThatThrownBy(() -> log.append(new LogFixture(disk).batch("b"), AppendOrigin.CLIENT, 0))
                .isInstanceOf(KafkaStorageException.class).hasMessageContaining("closed");
    }

    /** As when it is deleted while the round comes to it. */
    @Test
    void aLogThatIsGoneEndsNoRoundForTheOthers() {
        FileLogManager manager = open();
        LogConfig small = LogFixture.config(200, Long.MAX_VALUE, 300, -1);
        List<SegmentedLog> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            SegmentedLog log = (SegmentedLog) manager.getOrCreate(new TopicPartition("t", i), LogFixture.TOPIC_ID, small, true);
            for (int n = 0; n < 20; n++) {
                log.append(new LogFixture(disk).batch("v" + n), AppendOrigin.CLIENT, 0);
            }
            all.add(log);
        }
        all.get(0).closeFiles();
        all.get(2).closeFiles();
        manager.enforceRetention(all.get(0).directory());
        assertThat(all.get(1).logStartOffset()).isPositive();
        assertThat(all.get(3).logStartOffset()).isPositive();
        manager.close();
    }

    @Test
    void aTopicOfTheSameNameInheritsNoCheckpointOfItsPredecessor() throws IOException {
        FileLogManager manager = open();
        SegmentedLog log = log(manager);
        for (int i = 0; i < 10; i++) {
            log.append(new LogFixture(disk).batch("old" + i), AppendOrigin.CLIENT, 0);
        }
        log.flush();
        log.advanceLogStart(5);
        manager.checkpoint(log.directory());
        manager.delete(LogFixture.TP);
        SegmentedLog next = (SegmentedLog) manager.getOrCreate(LogFixture.TP, new Uuid(8, 8), LogFixture.config(1 << 20), true);
        next.append(new LogFixture(disk).batch("new0"), AppendOrigin.CLIENT, 0);
        next.append(new LogFixture(disk).batch("new1"), AppendOrigin.CLIENT, 0);
        disk.kill();
        FileLogManager again = open();
        assertThat(again.failure(LogFixture.TP)).isEmpty();
        assertThat(LogFixture.contents(again.log(LogFixture.TP).orElseThrow())).containsExactly("0=new0", "1=new1");
    }
}
