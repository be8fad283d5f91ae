package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TransactionCoordinatorFencedException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.milena.broker.log.PartitionLog.EpochEnd;

/** One partition's log: what appends, reads, retention and truncation promise. */
class SegmentedLogTest {

    private static final long ALL = Long.MAX_VALUE;

    private final SimulatedDisk disk = new SimulatedDisk();
    private final LogFixture fixture = new LogFixture(disk, Path.of("/logs"));

    @BeforeEach
    void open() {
        fixture.config = LogFixture.config(1000);
        fixture.open();
    }

    private SegmentedLog log() {
        return fixture.log();
    }

    private void reopen() {
        fixture.close();
        fixture.open();
    }

    private LogAppendInfo client(ByteBuffer batch) {
        return log().append(batch, AppendOrigin.CLIENT, 0);
    }

    @Test
    void aReadEndsAtTheLastWholeBatchWithinBoundAndSize() {
        for (int i = 0; i < 6; i++) {
            fixture.append("value-" + i);
        }
        int batch = LogFixture.fetch(log(), 0, 1, ALL).sizeInBytes();
        assertThat(LogFixture.fetch(log(), 0, 3 * batch + 5, ALL).sizeInBytes()).isEqualTo(3 * batch);
        assertThat(LogFixture.fetch(log(), 1, 1 << 20, 4).sizeInBytes()).isEqualTo(3 * batch);
        assertThat(log().read(0, batch - 1, ALL, false).sizeInBytes()).isZero();
        assertThat(log().read(0, batch - 1, ALL, true).sizeInBytes()).isEqualTo(batch);
    }

    @Test
    void theSameIsReadWithAndWithoutTheCacheOfTheTail() throws Exception {
        Seeds.each(5, 100, random -> {
            SimulatedDisk other = new SimulatedDisk();
            LogFixture logs = new LogFixture(other, Path.of("/logs"));
            logs.config = LogFixture.config(40_000);
            logs.open();
            for (int i = 0; i < 400; i++) {
                logs.append("v".repeat(random.nextInt(90)), "w");
            }
            SegmentedLog warm = logs.log();
            int[][] questions = new int[200][];
            int[] answers = new int[questions.length];
            for (int i = 0; i < questions.length; i++) {
                int from = random.nextInt(800);
                questions[i] = new int[] {from, from + (random.nextInt(800 - from) & ~1), random.nextInt(5000)};
                answers[i] = size(warm, questions[i]);
            }
            logs.close();
            logs.open();
            for (int i = 0; i < questions.length; i++) {
                assertThat(size(logs.log(), questions[i])).isEqualTo(answers[i]);
            }
        });
    }

    private static int size(PartitionLog log, int[] question) {
        LogRead read = log.read(question[0], question[2], question[1], true);
        read.release();
        return read.sizeInBytes();
    }

    @Test
    void aReadInFlightOutlivesTheDeletionOfItsSegment() throws Exception {
        fixture.append("first");
        LogRead read = log().read(0, 1000, ALL, true);
        fixture.manager.delete(LogFixture.TP);
        fixture.now.addAndGet(60_000);
        fixture.manager.enforceRetention();
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        assertThat(read.transferTo(0, read.sizeInBytes(), Channels.newChannel(sent))).isEqualTo(read.sizeInBytes());
        read.release();
        assertThat(sent.toString()).contains("first");
        assertThatThrownBy(() -> read.transferTo(0, 1, Channels.newChannel(sent))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void retentionBySizeKeepsWhatIsNewest() {
        fixture.config = LogFixture.config(1000, ALL, 2500, -1);
        fillSegments();
        long before = log().size();
        fixture.manager.enforceRetention();
        assertThat(log().size()).isBetween(2500L, before - 1);
        assertThat(log().logStartOffset()).isPositive();
        assertThatThrownBy(() -> log().read(0, 10, ALL, true)).isInstanceOf(OffsetOutOfRangeException.class)
                .hasMessageContaining("only have log segments from offset " + log().logStartOffset());
    }

    @Test
    void retentionByTimeRollsAndTakesTheActiveSegmentToo() {
        fixture.config = LogFixture.config(1000, ALL, -1, 10_000);
        fillSegments();
        long end = log().logEndOffset();
        fixture.now.addAndGet(10_001);
        fixture.manager.enforceRetention();
        assertThat(log().logStartOffset()).isEqualTo(end);
        assertThat(log().size()).isZero();
        reopen();
        assertThat(log().logStartOffset()).isEqualTo(end);
        assertThat(fixture.append("next").firstOffset()).isEqualTo(end);
    }

    @Test
    void aHeldLogKeepsEverything() {
        fixture.config = LogFixture.config(1000, ALL, 100, 1).asHeld();
        fillSegments();
        fixture.now.addAndGet(1_000_000_000);
        fixture.manager.enforceRetention();
        assertThat(log().logStartOffset()).isZero();
        assertThatThrownBy(() -> log().advanceLogStart(5)).isInstanceOf(PolicyViolationException.class).hasMessageContaining("orders");
    }

    private void fillSegments() {
        for (int i = 0; i < 60; i++) {
            fixture.append("value-" + i);
        }
    }

    @Test
    void deletedRecordsStayDeletedAcrossACrash() {
        fillSegments();
        log().advanceLogStart(33);
        disk.kill();
        fixture.open();
        assertThat(log().logStartOffset()).isEqualTo(33);
        assertThat(LogFixture.contents(log())).first().isEqualTo("33=value-33");
        assertThatThrownBy(() -> log().advanceLogStart(61)).isInstanceOf(OffsetOutOfRangeException.class);
    }

    @Test
    void truncationCutsRecordsEpochsAndProducers() {
        log().append(fixture.idempotent(4, 0, 0, "a", "b"), AppendOrigin.CLIENT, 1);
        log().append(fixture.idempotent(4, 0, 2, "c"), AppendOrigin.CLIENT, 2);
        log().flush();
        fixture.manager.checkpoint();
        log().truncateTo(2);
        assertThat(LogFixture.contents(log())).containsExactly("0=a", "1=b");
        assertThat(log().latestEpoch()).isEqualTo(OptionalInt.of(1));
        disk.kill();
        fixture.open();
        assertThat(fixture.manager.failure(LogFixture.TP)).isEmpty();
        assertThat(log().append(fixture.idempotent(4, 0, 2, "again"), AppendOrigin.CLIENT, 3).duplicate()).isFalse();
        assertThat(LogFixture.contents(log())).containsExactly("0=a", "1=b", "2=again");
    }

    @Test
    void epochsAnswerAsKip101Says() {
        log().append(fixture.batch("a", "b"), AppendOrigin.CLIENT, 2);
        log().append(fixture.batch("c"), AppendOrigin.CLIENT, 5);
        reopen();
        assertThat(log().endOffsetForEpoch(1)).isEqualTo(new EpochEnd(1, 0));
        assertThat(log().endOffsetForEpoch(2)).isEqualTo(new EpochEnd(2, 2));
        assertThat(log().endOffsetForEpoch(4)).isEqualTo(new EpochEnd(2, 2));
        assertThat(log().endOffsetForEpoch(5)).isEqualTo(new EpochEnd(5, 3));
        assertThat(log().endOffsetForEpoch(6)).isEqualTo(EpochEnd.UNKNOWN);
        assertThat(log().epochForOffset(1)).isEqualTo(OptionalInt.of(2));
        assertThat(log().epochForOffset(3)).isEmpty();
    }

    @Test
    void offsetsAreFoundByTimeWithinAllSegments() {
        for (int i = 0; i < 60; i++) {
            fixture.now.addAndGet(10);
            fixture.append("value-" + i);
        }
        long first = LogFixture.START_MS + 10;
        for (boolean reopened : new boolean[] {false, true}) {
            if (reopened) {
                reopen();
            }
            for (int i = 0; i < 60; i++) {
                assertThat(log().offsetForTimestamp(first + 10 * i - 5, ALL).orElseThrow().offset()).isEqualTo(i);
            }
            assertThat(log().offsetForTimestamp(first + 600, ALL)).isEmpty();
            assertThat(log().offsetForTimestamp(first + 300, 30)).isEmpty();
            assertThat(log().offsetOfMaxTimestamp(ALL).orElseThrow().offset()).isEqualTo(59);
            assertThat(log().offsetOfMaxTimestamp(31).orElseThrow().offset()).isEqualTo(30);
        }
    }

    @Test
    void idempotentProducersAreHeldToTheirSequence() {
        assertThatThrownBy(() -> client(fixture.idempotent(1, 0, 3, "x"))).isInstanceOf(OutOfOrderSequenceException.class)
                .hasMessageContaining("empty partition orders-0");
        for (int i = 0; i < 6; i++) {
            client(fixture.idempotent(1, 0, i, "v" + i));
        }
        LogAppendInfo again = client(fixture.idempotent(1, 0, 1, "v1"));
        assertThat(again.duplicate()).isTrue();
        assertThat(again.firstOffset()).isEqualTo(1);
        assertThatThrownBy(() -> client(fixture.idempotent(1, 0, 0, "v0"))).as("older than the last five")
                .isInstanceOf(OutOfOrderSequenceException.class);
        assertThatThrownBy(() -> client(fixture.idempotent(1, 0, 7, "gap"))).isInstanceOf(OutOfOrderSequenceException.class)
                .hasMessageContaining("7 (incoming seq. number), 5 (current end sequence number)");
        client(fixture.idempotent(1, 1, 0, "new epoch"));
        assertThatThrownBy(() -> client(fixture.idempotent(1, 0, 6, "old epoch"))).isInstanceOf(InvalidProducerEpochException.class);
        assertThat(log().logEndOffset()).isEqualTo(7);
    }

    @Test
    void anUnknownProducerMayGoOnWhereItsRecordsAreGone() {
        fixture.append("others");
        client(fixture.idempotent(1, 0, 17, "v"));
        fixture.now.addAndGet(86_400_000);
        fixture.manager.enforceRetention();
        assertThat(log().activeProducers()).isEmpty();
        client(fixture.idempotent(1, 0, 99, "later"));
    }

    private void admitted(ByteBuffer batch) {
        LogFixture.admitted(log(), batch);
    }

    @Test
    void anAbortedTransactionIsInTheIndexAndHoldsBackNothingAfterwards() {
        admitted(fixture.transactional(1, 0, 0, "a"));
        admitted(fixture.transactional(2, 0, 0, "b"));
        assertThat(log().firstUnstableOffset()).isZero();
        assertThatThrownBy(() -> client(fixture.idempotent(1, 0, 1, "outside"))).isInstanceOf(InvalidTxnStateException.class);
        fixture.abort(1, 0, 3);
        assertThat(log().firstUnstableOffset()).isEqualTo(1);
        fixture.commit(2, 0, 3);
        assertThat(log().firstUnstableOffset()).isEqualTo(Long.MAX_VALUE);
        assertThatThrownBy(() -> fixture.abort(2, 0, 2))
                .isInstanceOf(TransactionCoordinatorFencedException.class);
        for (boolean crash : new boolean[] {false, true}) {
            assertThat(log().abortedTransactions(0, 4)).singleElement().satisfies(aborted -> {
                assertThat(aborted.producerId()).isEqualTo(1);
                assertThat(aborted.firstOffset()).isZero();
            });
            assertThat(log().abortedTransactions(3, 4)).isEmpty();
            if (!crash) {
                disk.kill();
                disk.delete(LogSegment.file(Path.of("/logs/orders-0"), 0, LogSegment.TXN_INDEX));
                fixture.open();
            }
        }
    }

    @Test
    void anOpenTransactionIsKnownAfterRestart() {
        fixture.append("before");
        admitted(fixture.transactional(1, 0, 0, "a"));
        for (Runnable stop : List.<Runnable>of(fixture::close, disk::kill)) {
            stop.run();
            fixture.open();
            assertThat(log().firstUnstableOffset()).isEqualTo(1);
        }
    }

    @Test
    void flushMessagesSaysWhenAnAckMustWait() {
        fixture.config = LogFixture.config(1000, 3, -1, -1);
        assertThat(fixture.append("a", "b").flushRequired()).isFalse();
        assertThat(fixture.append("c").flushRequired()).isTrue();
        log().flush();
        assertThat(log().recoveryPoint()).isEqualTo(3);
        assertThat(fixture.append("d").flushRequired()).isFalse();
    }
}
