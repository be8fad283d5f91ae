package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Group commit: who waits shares the fsync, and its failure. */
class DirectoryFlusherTest {

    private final SimulatedDisk disk = new SimulatedDisk();
    private final LogFixture fixture = new LogFixture(disk, Path.of("/logs"));
    private Thread thread;

    @BeforeEach
    void open() {
        fixture.open();
        fixture.append("first");
        fixture.log().flush();
    }

    private void start() {
        thread = new Thread(fixture.manager.flushers().get(0));
        thread.start();
    }

    @AfterEach
    void stop() throws Exception {
        fixture.log().directory().groupCommit().close();
        thread.join(10_000);
        assertThat(thread.isAlive()).isFalse();
    }

    @Test
    void allWhoWaitShareOneFsync() throws Exception {
        CountDownLatch told = new CountDownLatch(50);
        int before = disk.forces();
        for (int i = 0; i < 50; i++) {
            long offset = fixture.append("v" + i).lastOffset();
            fixture.log().directory().groupCommit().await(fixture.log(), offset, error -> {
                assertThat(error).isNull();
                told.countDown();
            });
        }
        start();
        assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(disk.forces()).isEqualTo(before + 1);
        assertThat(fixture.log().recoveryPoint()).isEqualTo(51);
    }

    @Test
    void whatIsDoneFirstIsDoneOnTheFlushersThreadAndCovered() throws Exception {
        PartitionLog log = fixture.log();
        Map<String, Object> seen = new ConcurrentHashMap<>();
        CountDownLatch told = new CountDownLatch(2);
        log.directory().groupCommit().await(log, () -> {
            fixture.append("an append that it waited for");
            seen.put("thread", Thread.currentThread());
        }, error -> {
            seen.put("flushed", error == null ? log.recoveryPoint() : error);
            told.countDown();
        });
        log.directory().groupCommit().await(log, () -> {
            throw new InvalidTxnStateException("refused");
        }, error -> {
            seen.put("refused", error);
            told.countDown();
        });
        start();
        assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(seen).containsEntry("flushed", 2L).containsEntry("thread", thread);
        assertThat((Throwable) seen.get("refused")).isInstanceOf(InvalidTxnStateException.class);
    }

    @Test
    void aFailedFsyncIsToldToAllAndTheNextWaiterToo() throws Exception {
        disk.fault((operation, file) -> {
            if (operation == SimulatedDisk.Operation.FORCE) {
                throw new IOException("Input/output error");
            }
        });
        List<Throwable> errors = new ArrayList<>();
        CountDownLatch told = new CountDownLatch(2);
        PartitionLog log = fixture.log();
        GroupCommit.Listener listener = error -> {
            errors.add(error);
            told.countDown();
        };
        log.directory().groupCommit().await(log, fixture.append("a").lastOffset(), listener);
        log.directory().groupCommit().await(log, fixture.append("b").lastOffset(), listener);
        start();
        assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
        disk.fault((operation, file) -> { });
        AtomicReference<Throwable> late = new AtomicReference<>();
        CountDownLatch lateTold = new CountDownLatch(1);
        log.directory().groupCommit().await(log, 0, error -> {
            late.set(error);
            lateTold.countDown();
        });
        assertThat(lateTold.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(errors).hasSize(2).allSatisfy(e -> assertThat(e).isInstanceOf(KafkaStorageException.class));
        assertThat(late.get()).isInstanceOf(KafkaStorageException.class).hasMessageContaining("/logs is offline");
    }

    @Test
    void appendsAndReadsGoOnWhileAnFsyncBlocks() throws Exception {
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        disk.fault((operation, file) -> {
            if (operation == SimulatedDisk.Operation.FORCE) {
                blocked.countDown();
                awaitQuietly(release);
            }
        });
        CountDownLatch told = new CountDownLatch(1);
        fixture.log().directory().groupCommit().await(fixture.log(), fixture.append("a").lastOffset(), error -> told.countDown());
        start();
        assertThat(blocked.await(10, TimeUnit.SECONDS)).isTrue();
        fixture.append("b");
        assertThat(LogFixture.contents(fixture.log())).containsExactly("0=first", "1=a", "2=b");
        assertThat(told.getCount()).isOne();
        release.countDown();
        assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
    }

    /** A log that many wait for at different times still has one flush under way at most. */
    @Test
    void aFlushHoldsUpNobodyWhoWaitsForAnotherLog() throws Exception {
        SegmentedLog other = fixture.log(new TopicPartition("other", 0));
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger ofBlocked = new AtomicInteger();
        disk.fault((operation, file) -> {
            if (operation == SimulatedDisk.Operation.FORCE && !file.toString().contains("other")) {
                ofBlocked.incrementAndGet();
                blocked.countDown();
                awaitQuietly(release);
            }
        });
        CountDownLatch told = new CountDownLatch(2);
        GroupCommit group = other.directory().groupCommit();
        start();
        Thread second = new Thread(fixture.manager.flushers().get(1));
        second.start();
        group.await(fixture.log(), fixture.append("a").lastOffset(), error -> told.countDown());
        assertThat(blocked.await(10, TimeUnit.SECONDS)).isTrue();
        group.await(fixture.log(), fixture.append("b").lastOffset(), error -> told.countDown());
        for (int i = 0; i < 3; i++) {
            CountDownLatch otherTold = new CountDownLatch(1);
            other.append(fixture.batch("v"), AppendOrigin.CLIENT, 0);
            group.await(other, i, error -> otherTold.countDown());
            assertThat(otherTold.await(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(ofBlocked.get()).isOne();
        assertThat(told.getCount()).isEqualTo(2);
        release.countDown();
        assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
        stop();
        second.join(10_000);
        assertThat(second.isAlive()).isFalse();
    }

    @Test
    void anErrorDuringAFlushEndsTheDirectoryAndNotTheFlusher() throws Exception {
        disk.fault((operation, file) -> {
            if (operation == SimulatedDisk.Operation.FORCE) {
                throw new InternalError("a fault occurred in a recent unsafe memory access operation");
            }
        });
        List<Throwable> errors = new java.util.concurrent.CopyOnWriteArrayList<>();
        CountDownLatch told = new CountDownLatch(1);
        fixture.log().directory().groupCommit().await(fixture.log(), fixture.append("a").lastOffset(), error -> {
            errors.add(error);
            told.countDown();
        });
        start();
        assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(errors).allSatisfy(e -> assertThat(e).isInstanceOf(KafkaStorageException.class));
        assertThat(fixture.log().directory().online()).isFalse();
        assertThat(thread.isAlive()).isTrue();
    }

    private static void awaitQuietly(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
