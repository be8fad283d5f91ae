package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server interrupts its threads when it likes; Java closes files under a thread that is interrupted. No log may fail for that. */
class InterruptTest {

    @TempDir
    private Path dir;
    private LogFixture fixture;

    @BeforeEach
    void open() {
        fixture = new LogFixture(new NioDisk(), dir);
        fixture.config = LogFixture.config(2000);
        fixture.open();
        fixture.append("first");
    }

    @AfterEach
    void close() {
        Thread.interrupted();
        fixture.close();
    }

    private interface Work {
        void run() throws Exception;
    }

    private void interrupted(Work work) throws Exception {
        Thread.currentThread().interrupt();
        work.run();
        assertThat(Thread.interrupted()).as("the interrupt is not swallowed").isTrue();
        assertThat(fixture.log().directory().failure()).isEmpty();
    }

    @Test
    void everyOperationOfAnInterruptedThreadSucceeds() throws Exception {
        interrupted(() -> fixture.append("second"));
        interrupted(() -> fixture.log().flush());
        interrupted(() -> assertThat(LogFixture.contents(fixture.log())).containsExactly("0=first", "1=second"));
        LogRead read = fixture.log().read(0, 1000, 2, true);
        interrupted(() -> assertThat(read.transferTo(0, 50, Channels.newChannel(new java.io.ByteArrayOutputStream()))).isEqualTo(50));
        interrupted(read::release);
        interrupted(() -> {
            for (int i = 0; i < 100; i++) {
                fixture.append("v" + i);
            }
        });
        assertThat(fixture.log().segments()).hasSizeGreaterThan(2);
        interrupted(() -> fixture.log().advanceLogStart(50));
        interrupted(() -> fixture.manager.checkpoint());
        interrupted(() -> fixture.manager.enforceRetention());
        interrupted(() -> fixture.log().truncateTo(90));
        interrupted(() -> fixture.manager.close());
        interrupted(() -> fixture.open());
        assertThat(LogFixture.contents(fixture.log())).hasSize(40);
    }

    @Test
    void anInterruptedReaderSpoilsNoOthersRead() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread reader = new Thread(() -> {
            while (!stop.get()) {
                try {
                    Thread.currentThread().interrupt();
                    LogFixture.contents(fixture.log());
                } catch (Throwable e) {
                    failure.compareAndSet(null, e);
                    return;
                }
            }
        });
        reader.start();
        try {
            List<String> expected = new ArrayList<>(List.of("0=first"));
            for (int i = 1; i < 200; i++) {
                fixture.append("v" + i);
                expected.add(i + "=v" + i);
                assertThat(LogFixture.contents(fixture.log(), Math.max(0, i - 20))).isEqualTo(expected.subList(Math.max(0, i - 20), i + 1));
            }
        } finally {
            stop.set(true);
            reader.join();
        }
        assertThat(failure.get()).isNull();
        assertThat(fixture.log().directory().failure()).isEmpty();
    }

    @Test
    void aReadOfARenamedSegmentGoesOnInTheSameFile() throws Exception {
        LogRead read = fixture.log().read(0, 1000, 1, true);
        ByteBuffer before = ByteBuffer.allocate(read.sizeInBytes());
        read.read(before, 0);
        LogSegment segment = fixture.log().segments().iterator().next();
        segment.log().rename(dir.resolve("moved"));
        Path impostor = segment.log().path().resolveSibling("orders-0/00000000000000000000.log");
        java.nio.file.Files.write(impostor, new byte[500]);
        interrupted(() -> {
            ByteBuffer after = ByteBuffer.allocate(read.sizeInBytes());
            read.read(after, 0);
            assertThat(after.flip()).isEqualTo(before.flip());
        });
        read.release();
        java.nio.file.Files.delete(impostor);
        segment.log().rename(impostor);
    }

    @Test
    void groupCommitOutlivesAnInterruptOfItsThread() throws Exception {
        Thread flusher = new Thread(fixture.manager.flushers().get(0));
        flusher.start();
        for (int i = 0; i < 5; i++) {
            flusher.interrupt();
            fixture.append("v" + i);
            CountDownLatch flushed = new CountDownLatch(1);
            AtomicReference<Throwable> error = new AtomicReference<>();
            fixture.log().directory().groupCommit().await(fixture.log(), fixture.log().logEndOffset() - 1, e -> {
                error.set(e);
                flushed.countDown();
            });
            assertThat(flushed.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(error.get()).isNull();
        }
        fixture.log().directory().groupCommit();
        fixture.close();
        flusher.join(30_000);
        assertThat(flusher.isAlive()).isFalse();
        fixture.open();
    }
}
