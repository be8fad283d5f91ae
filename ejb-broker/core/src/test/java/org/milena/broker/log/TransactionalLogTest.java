package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.ConcurrentTransactionsException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.TransactionCoordinatorFencedException;
import org.apache.kafka.common.message.FetchResponseData.AbortedTransaction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The rules by which a log takes transactional records and the markers that end them (KIP-98, KIP-890, KIP-1228). */
class TransactionalLogTest {

    private static final short V2 = 2;

    private static final UnconfirmedTransaction FIRST = new UnconfirmedTransaction(1, (short) 0, -1);
    private final SimulatedDisk disk = new SimulatedDisk();
    private final LogFixture fixture = new LogFixture(disk, Path.of("/logs"));

    @BeforeEach
    void open() {
        fixture.open();
    }

    private SegmentedLog log() {
        return fixture.log();
    }

    private TransactionGuard guard(long producer, int epoch, int sequence, boolean epochRises) {
        return log().expectTransaction(producer, (short) epoch, sequence, epochRises);
    }

    private LogAppendInfo append(ByteBuffer batch, TransactionGuard guard) {
        return log().append(batch, AppendOrigin.CLIENT, 0, guard);
    }

    private LogAppendInfo end(long producer, int epoch, int coordinatorEpoch, boolean commit) {
        return log().endTransaction(new TransactionEnd(producer, (short) epoch, coordinatorEpoch, commit, V2), 0);
    }

    // ---- who may enter

    @Test
    void aTransactionBeginsOnlyWithTheGuardThatWasGivenOut() {
        TransactionGuard guard = guard(1, 0, 0, false);
        assertThatThrownBy(() -> append(fixture.transactional(1, 0, 0, "a"), null))
                .isInstanceOf(InvalidTxnStateException.class).hasMessage("Record was not part of an ongoing transaction");
        assertThatThrownBy(() -> append(fixture.transactional(2, 0, 0, "a"), guard)).isInstanceOf(InvalidTxnStateException.class);
        append(fixture.transactional(1, 0, 0, "a"), guard);
        assertThat(guard(1, 0, 1, false)).as("nothing to ask within a transaction").isNull();
        assertThat(append(fixture.transactional(1, 0, 1, "b"), null).lastOffset()).isEqualTo(1);
    }

    @Test
    void aBatchVerifiedBeforeTheMarkerDoesNotEnterAfterIt() {
        TransactionGuard guard = guard(1, 0, 0, false);
        fixture.abort(1, 0, 0);
        assertThatThrownBy(() -> append(fixture.transactional(1, 0, 0, "late"), guard)).isInstanceOf(InvalidTxnStateException.class);
        assertThat(log().firstUnstableOffset()).as("nothing hangs").isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aGuardOfAnEarlierTransactionIsVoidInTheNext() {
        TransactionGuard first = guard(1, 0, 0, false);
        append(fixture.transactional(1, 0, 0, "a"), first);
        fixture.commit(1, 0, 0);
        assertThat(guard(1, 0, 1, false)).isNotSameAs(first);
        assertThatThrownBy(() -> append(fixture.transactional(1, 0, 1, "late"), first)).isInstanceOf(InvalidTxnStateException.class);
    }

    @Test
    void withRisingEpochsTheNextTransactionMayAskBeforeTheMarkerCame() {
        append(fixture.transactional(1, 0, 0, "a"), guard(1, 0, 0, true));
        TransactionGuard next = guard(1, 1, 0, true);
        end(1, 1, 0, true);
        assertThat(append(fixture.transactional(1, 1, 0, "b"), next).firstOffset()).isEqualTo(2);
    }

    @Test
    void withRisingEpochsATransactionBeginsAtSequenceZero() {
        fixture.append("others");
        TransactionGuard guard = guard(1, 3, 5, true);
        assertThatThrownBy(() -> append(fixture.transactional(1, 3, 5, "overtook"), guard)).isInstanceOf(OutOfOrderSequenceException.class)
                .hasMessageContaining("5 (incoming seq. number), 0 (expected of a new epoch)");
        append(fixture.transactional(1, 3, 0, "first"), guard);
        end(1, 4, 0, true);
        assertThatThrownBy(() -> append(fixture.transactional(1, 4, 1, "overtook"), guard(1, 4, 1, true)))
                .isInstanceOf(OutOfOrderSequenceException.class);
        append(fixture.transactional(1, 4, 0, "first"), guard(1, 4, 0, true));
    }

    @Test
    void noBatchOvertakesALowerOneThatWaitedForTheSameAnswer() {
        fixture.append("others");
        TransactionGuard guard = guard(1, 0, 7, false);
        assertThat(guard(1, 0, 9, false)).isSameAs(guard);
        assertThatThrownBy(() -> append(fixture.transactional(1, 0, 9, "overtook"), guard)).isInstanceOf(OutOfOrderSequenceException.class)
                .hasMessageContaining("9 (incoming seq. number), 7 (earliest seen sequence)");
        assertThat(append(fixture.transactional(1, 0, 7, "a", "b"), guard).lastOffset()).isEqualTo(2);
    }

    // ---- sealed: a transaction manager is being promised that it can be committed

    @Test
    void aSealedTransactionTakesNoMoreRecordsUntilItsMarker() {
        append(fixture.transactional(1, 0, 0, "a"), guard(1, 0, 0, true));
        log().sealTransaction(1, (short) 0);
        log().sealTransaction(1, (short) 0);
        assertThat(guard(1, 0, 1, true)).as("nothing to ask").isNull();
        assertThatThrownBy(() -> append(fixture.transactional(1, 0, 1, "late"), null)).isInstanceOf(InvalidTxnStateException.class)
                .hasMessage("The transaction of producer 1 in epoch 0 is being prepared, or is: no more records enter it in orders-0");
        assertThatThrownBy(() -> log().checkTransaction(1, (short) 0, null)).isInstanceOf(InvalidTxnStateException.class);
        assertThat(append(fixture.transactional(1, 0, 0, "a"), null).duplicate()).as("what is there is told again").isTrue();
        append(fixture.transactional(2, 0, 0, "other"), guard(2, 0, 0, true));
        end(1, 1, 0, true);
        append(fixture.transactional(1, 1, 0, "next"), guard(1, 1, 0, true));
        append(fixture.transactional(1, 1, 1, "and on"), guard(1, 1, 1, true));
    }

    @Test
    void onlyAnOpenTransactionIsSealed() {
        assertThatThrownBy(() -> log().sealTransaction(1, (short) 0)).isInstanceOf(InvalidTxnStateException.class)
                .hasMessage("The transaction of producer 1 in epoch 0 is not open in orders-0");
        append(fixture.transactional(1, 0, 0, "a"), guard(1, 0, 0, true));
        assertThatThrownBy(() -> log().sealTransaction(1, (short) 1)).isInstanceOf(InvalidTxnStateException.class);
        end(1, 1, 0, true);
        assertThatThrownBy(() -> log().sealTransaction(1, (short) 0)).isInstanceOf(InvalidTxnStateException.class);
    }

    /** The seal is in memory only: after a restart, or a truncation, the coordinator is asked before the next records enter. */
    @Test
    void aTransactionFromBeforeTheLoadIsAskedAboutOnce() {
        append(fixture.transactional(1, 0, 0, "a"), guard(1, 0, 0, true));
        fixture.close();
        fixture.open();
        assertThatThrownBy(() -> append(fixture.transactional(1, 0, 1, "b"), null)).isInstanceOf(InvalidTxnStateException.class);
        TransactionGuard guard = guard(1, 0, 1, true);
        assertThat(guard).isNotNull();
        append(fixture.transactional(1, 0, 1, "b"), guard);
        assertThat(guard(1, 0, 2, true)).isNull();
        append(fixture.transactional(1, 0, 2, "c"), null);
        log().truncateTo(2);
        assertThat(guard(1, 0, 2, true)).isNotNull();
        end(1, 1, 0, true);
        append(fixture.transactional(1, 1, 0, "next"), guard(1, 1, 0, true));
        assertThat(guard(1, 1, 1, true)).isNull();
    }

    // ---- left open by a power cut, and known to nobody

    private void leftOpen() {
        append(fixture.transactional(1, 0, 0, "a"), guard(1, 0, 0, true));
        append(fixture.transactional(2, 5, 0, "b"), guard(2, 5, 0, true));
        assertThat(log().unconfirmedTransactions()).as("this life saw them begin").isEmpty();
        fixture.close();
        fixture.open();
        assertThat(log().unconfirmedTransactions()).containsExactly(FIRST, new UnconfirmedTransaction(2, (short) 5, -1));
    }

    @Test
    void whatNobodyConfirmedIsEndedInTheNextEpoch() {
        leftOpen();
        log().endTransaction(TransactionEnd.of(FIRST, false), 0);
        assertThat(log().unconfirmedTransactions()).extracting(UnconfirmedTransaction::producerId).containsExactly(2L);
        assertThat(log().firstUnstableOffset()).isEqualTo(1);
        assertThatThrownBy(() -> guard(1, 0, 1, true)).as("the rest of it comes late").isInstanceOf(InvalidProducerEpochException.class);
        append(fixture.transactional(1, 1, 0, "next"), guard(1, 1, 0, true));
        assertThat(log().abortedTransactions(0, log().logEndOffset())).singleElement().satisfies(aborted ->
                assertThat(aborted.firstOffset()).isZero());
    }

    @Test
    void whatWasConfirmedIsNotEndedSo() {
        leftOpen();
        append(fixture.transactional(1, 0, 1, "goes on"), guard(1, 0, 1, true));
        assertThat(log().unconfirmedTransactions()).extracting(UnconfirmedTransaction::producerId).containsExactly(2L);
        assertThatThrownBy(() -> log().endTransaction(TransactionEnd.of(FIRST, false), 0)).isInstanceOf(InvalidTxnStateException.class)
                .hasMessage("No unconfirmed transaction of producer 1 hangs in orders-0");
        end(1, 1, 0, true);
        assertThatThrownBy(() -> log().endTransaction(TransactionEnd.of(FIRST, false), 0)).isInstanceOf(InvalidTxnStateException.class);
        assertThat(log().logEndOffset()).as("nothing was written").isEqualTo(4);
    }

    @Test
    void whoWasAdmittedJustThenIsFencedByTheEnd() {
        leftOpen();
        TransactionGuard guard = guard(1, 0, 1, true);
        log().endTransaction(TransactionEnd.of(FIRST, false), 0);
        assertThatThrownBy(() -> append(fixture.transactional(1, 0, 1, "late"), guard)).isInstanceOf(InvalidProducerEpochException.class);
    }

    /** Else its records would be committed with those of the next. */
    @Test
    void theNextTransactionWaitsForTheEndOfOneThatHangs() {
        leftOpen();
        assertThatThrownBy(() -> guard(1, 1, 0, true)).isInstanceOf(ConcurrentTransactionsException.class)
                .hasMessage("A transaction of producer 1 in epoch 0 hangs in orders-0: its records must not become part of the next one");
        log().endTransaction(TransactionEnd.of(FIRST, false), 0);
        append(fixture.transactional(1, 1, 0, "next"), guard(1, 1, 0, true));
    }

    @Test
    void nothingOutsideTheTransactionWhileItIsOpen() {
        append(fixture.transactional(1, 0, 0, "a"), guard(1, 0, 0, false));
        assertThatThrownBy(() -> append(fixture.idempotent(1, 0, 1, "outside"), null)).isInstanceOf(InvalidTxnStateException.class)
                .hasMessage("Expected transactional write from producer 1 at offset 1 in partition orders-0");
    }

    @Test
    void anOlderEpochIsFencedBeforeAndAfterTheQuestion() {
        TransactionGuard old = guard(1, 0, 0, false);
        append(fixture.transactional(1, 1, 0, "newer"), guard(1, 1, 0, false));
        assertThatThrownBy(() -> guard(1, 0, 0, false)).isInstanceOf(InvalidProducerEpochException.class)
                .hasMessage("Epoch of producer 1 is 0, which is smaller than the last seen epoch 1");
        assertThatThrownBy(() -> append(fixture.transactional(1, 0, 0, "zombie"), old)).isInstanceOf(InvalidProducerEpochException.class);
    }

    @Test
    void aDuplicateIsAnsweredWithItsOffsetAlsoAfterTheEnd() {
        append(fixture.transactional(1, 0, 0, "a"), guard(1, 0, 0, false));
        fixture.commit(1, 0, 0);
        LogAppendInfo again = append(fixture.transactional(1, 0, 0, "a"), null);
        assertThat(again.duplicate()).isTrue();
        assertThat(again.firstOffset()).isZero();
    }

    @Test
    void clientsAndCoordinatorsWriteNoControlRecords() {
        ByteBuffer marker = new TransactionEnd(1, (short) 0, 0, true, V2).marker(fixture.now.get());
        for (AppendOrigin origin : List.of(AppendOrigin.CLIENT, AppendOrigin.COORDINATOR)) {
            assertThatThrownBy(() -> log().append(marker, origin, 0)).isInstanceOf(InvalidRecordException.class).hasMessageContaining("control");
        }
    }

    @Test
    void aGuardThatNobodyCameBackWithIsForgotten() {
        TransactionGuard guard = guard(1, 0, 0, false);
        fixture.now.addAndGet(86_400_000);
        log().expireProducers(fixture.now.get());
        assertThatThrownBy(() -> append(fixture.transactional(1, 0, 0, "late"), guard)).isInstanceOf(InvalidTxnStateException.class);
    }

    // ---- markers

    @Test
    void theSameMarkerAgainIsHarmless() {
        append(fixture.transactional(1, 0, 0, "a"), guard(1, 0, 0, true));
        end(1, 1, 5, false);
        end(1, 1, 5, false);
        fixture.append("b");
        assertThat(log().firstUnstableOffset()).isEqualTo(Long.MAX_VALUE);
        assertThat(log().abortedTransactions(0, 100)).containsExactly(new AbortedTransaction().setProducerId(1).setFirstOffset(0));
    }

    @Test
    void aLateMarkerDoesNotEndTheNextTransaction() {
        append(fixture.transactional(1, 0, 0, "a"), guard(1, 0, 0, true));
        end(1, 1, 5, true);
        append(fixture.transactional(1, 1, 0, "b"), guard(1, 1, 0, true));
        assertThatThrownBy(() -> end(1, 1, 5, false)).isInstanceOf(InvalidProducerEpochException.class)
                .hasMessageContaining("is 1, which is <= the last seen epoch 1 (TV2)");
        assertThat(log().firstUnstableOffset()).isEqualTo(2);
    }

    @Test
    void inVersion1TheMarkerBearsTheEpochOfItsRecords() {
        append(fixture.transactional(1, 4, 0, "a"), guard(1, 4, 0, false));
        assertThatThrownBy(() -> fixture.commit(1, 3, 0)).isInstanceOf(InvalidProducerEpochException.class)
                .hasMessageContaining("is 3, which is < the last seen epoch 4 (TV0)");
        fixture.commit(1, 4, 0);
        append(fixture.transactional(1, 4, 1, "b"), guard(1, 4, 1, false));
        assertThat(log().firstUnstableOffset()).isEqualTo(2);
    }

    @Test
    void aMarkerOfAnOlderCoordinatorIsFenced() {
        append(fixture.transactional(1, 0, 0, "a"), guard(1, 0, 0, true));
        end(1, 1, 7, true);
        assertThatThrownBy(() -> end(1, 2, 6, false)).isInstanceOf(TransactionCoordinatorFencedException.class)
                .hasMessageContaining("6 (zombie), 7 (current)");
        assertThat(log().activeProducers()).singleElement().satisfies(p -> {
            assertThat(p.coordinatorEpoch()).isEqualTo(7);
            assertThat(p.currentTxnStartOffset()).isEqualTo(-1);
            assertThat(p.producerEpoch()).isEqualTo(1);
        });
    }

    @Test
    void atTheLastEpochAMarkerMayBearThatOfItsRecords() {
        append(fixture.transactional(1, Short.MAX_VALUE, 0, "a"), guard(1, Short.MAX_VALUE, 0, true));
        end(1, Short.MAX_VALUE, 0, true);
        assertThat(log().firstUnstableOffset()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aTruncationBelowTheMarkerOpensTheTransactionAgain() {
        fixture.config = LogFixture.config(300);
        append(fixture.transactional(1, 0, 0, "a"), guard(1, 0, 0, true));
        for (int i = 0; i < 10; i++) {
            fixture.append("filler " + i);
        }
        long marker = end(1, 1, 4, false).firstOffset();
        append(fixture.transactional(1, 1, 0, "next"), guard(1, 1, 0, true));
        log().truncateTo(marker);
        assertThat(log().firstUnstableOffset()).isZero();
        assertThat(log().abortedTransactions(0, 100)).isEmpty();
        assertThat(log().activeProducers()).singleElement().satisfies(p -> {
            assertThat(p.producerEpoch()).isZero();
            assertThat(p.coordinatorEpoch()).isEqualTo(-1);
        });
        end(1, 1, 4, false);
        assertThat(log().abortedTransactions(0, 100)).hasSize(1);
    }

    @Test
    void aMarkerPassesTheSizeLimits() {
        fixture.config = LogFixture.config(60);
        assertThat(end(1, 0, 0, false).firstOffset()).isZero();
    }

    // ---- the last stable offset

    @Test
    void aTransactionHoldsBackReadersUntilItsMarkerIsCommitted() {
        AtomicLong committed = new AtomicLong();
        log().boundBy(committed::get);
        append(fixture.transactional(1, 0, 0, "a", "b"), guard(1, 0, 0, true));
        committed.set(2);
        assertThat(log().stableOffset()).isZero();
        end(1, 1, 0, true);
        assertThat(log().stableOffset()).as("the marker is in the log, but not committed").isZero();
        assertThat(log().firstUnstableOffset()).isZero();
        committed.set(3);
        assertThat(log().stableOffset()).isEqualTo(3);
        assertThat(log().firstUnstableOffset()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void theOldestUndecidedTransactionCounts() {
        fixture.append("before");
        append(fixture.transactional(1, 0, 0, "a"), guard(1, 0, 0, true));
        append(fixture.transactional(2, 0, 0, "b"), guard(2, 0, 0, true));
        assertThat(log().activeProducers()).extracting(p -> p.currentTxnStartOffset()).containsExactlyInAnyOrder(1L, 2L);
        end(1, 1, 0, true);
        assertThat(log().firstUnstableOffset()).isEqualTo(2);
        end(2, 1, 0, true);
        assertThat(log().firstUnstableOffset()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void whatIsUndecidedIsNeitherDeletedNorExpired() {
        fixture.config = LogFixture.config(200, Long.MAX_VALUE, -1, 1000);
        fixture.append("before");
        append(fixture.transactional(1, 0, 0, "open"), guard(1, 0, 0, true));
        for (int i = 0; i < 20; i++) {
            fixture.append("filler " + i);
        }
        assertThatThrownBy(() -> log().advanceLogStart(5)).isInstanceOf(OffsetOutOfRangeException.class)
                .hasMessage("Cannot delete records of orders-0 before offset 5: those from offset 1 on belong to a transaction that is not decided");
        log().advanceLogStart(1);
        fixture.now.addAndGet(100 * 86_400_000L);
        fixture.manager.enforceRetention();
        assertThat(log().segments().iterator().next().baseOffset()).isLessThanOrEqualTo(1);
        assertThat(log().activeProducers()).as("the open transaction's producer").hasSize(1);
        assertThat(log().oldestTransactionMs()).isEqualTo(LogFixture.START_MS);
        end(1, 1, 0, false);
        assertThat(log().oldestTransactionMs()).isEqualTo(-1);
        log().advanceLogStart(5);
        fixture.now.addAndGet(100 * 86_400_000L);
        fixture.manager.enforceRetention();
        assertThat(log().segments().iterator().next().baseOffset()).isGreaterThan(20);
    }

    @Test
    void theAbortedListIsThatOfTheRangeRead() {
        for (int producer = 1; producer <= 3; producer++) {
            append(fixture.transactional(producer, 0, 0, "gone"), guard(producer, 0, 0, true));
            end(producer, 1, 0, false);
        }
        long bound = log().stableOffset();
        LogRead first = log().read(0, 1, bound, true);
        assertThat(log().abortedTransactions(0, first, bound)).extracting(AbortedTransaction::producerId).containsExactly(1L);
        first.release();
        LogRead all = log().read(1, 10_000, bound, true);
        assertThat(log().abortedTransactions(1, all, bound)).extracting(AbortedTransaction::producerId).containsExactly(1L, 2L, 3L);
        all.release();
        LogRead rest = log().read(2, 10_000, bound, true);
        assertThat(log().abortedTransactions(2, rest, bound)).extracting(AbortedTransaction::producerId).containsExactly(2L, 3L);
        rest.release();
    }

    @Test
    void aTornIndexEntryIsMadeAnewAndADamagedOneIsTold() {
        append(fixture.transactional(1, 0, 0, "gone"), guard(1, 0, 0, true));
        end(1, 1, 0, false);
        Path index = LogSegment.file(Path.of("/logs/orders-0"), 0, LogSegment.TXN_INDEX);
        disk.kill();
        var image = disk.image();
        image.put(index, java.util.Arrays.copyOf(image.get(index), 20));
        disk.restore(image);
        fixture.open();
        assertThat(log().abortedTransactions(0, 10)).hasSize(1);
        assertThat(disk.image().get(index)).hasSize(AbortedTransactions.ENTRY_BYTES);
        fixture.close();
        disk.flipBit(index, 0, 3);
        fixture.open();
        assertThatThrownBy(() -> log().abortedTransactions(0, 10)).hasMessageContaining(index.toString()).hasMessageContaining("position 0");
    }
}
