package org.milena.broker.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.milena.broker.history.Checker.Kind;
import org.milena.broker.history.Transaction.Outcome;
import org.milena.broker.history.Transaction.Send;

/** The checker sees each anomaly, and none in a history that is right: values 10, 11 | (12, 13 aborted) | 14, 15 of one client. */
class CheckerTest {

    private final List<Transaction> transactions = new ArrayList<>();
    private final List<Read> acknowledged = new ArrayList<>();
    private final List<List<Read>> sessions = new ArrayList<>();
    private final Map<Integer, List<Read>> log = new HashMap<>();
    private final Map<Integer, Long> offsets = new HashMap<>();

    CheckerTest() {
        transaction(Outcome.COMMITTED, 10, 11);
        transaction(Outcome.ABORTED, 12, 13);
        transaction(Outcome.UNKNOWN, 14, 15);
        acknowledged.addAll(List.of(new Read(0, 0, 10), new Read(1, 0, 11), new Read(0, 2, 12), new Read(0, 4, 14)));
        log.put(0, new ArrayList<>(List.of(new Read(0, 0, 10), new Read(0, 4, 14))));
        log.put(1, new ArrayList<>(List.of(new Read(1, 0, 11), new Read(1, 4, 15))));
        sessions.add(new ArrayList<>(List.of(new Read(0, 0, 10), new Read(0, 4, 14))));
        transactions.get(2).consumed.add(new Read(0, 0, 10));
        offsets.put(0, 1L);
    }

    /** The even value goes to partition 0, the odd one to partition 1. */
    private Transaction transaction(Outcome outcome, long... values) {
        Transaction transaction = new Transaction("c").ended(outcome);
        for (long value : values) {
            transaction.sends.add(new Send((int) value % 2, value));
        }
        transactions.add(transaction);
        return transaction;
    }

    private List<Kind> kinds() {
        return Checker.anomalies(new History(transactions, acknowledged, sessions, log, offsets)).stream().map(Checker.Anomaly::kind).distinct().toList();
    }

    @Test
    void nothingIsWrong() {
        assertThat(kinds()).isEmpty();
    }

    @Test
    void anUnansweredCommitMayHaveFailed() {
        log.get(0).remove(1);
        log.get(1).remove(1);
        sessions.get(0).remove(1);
        offsets.clear();
        assertThat(kinds()).isEmpty();
    }

    @Test
    void lost() {
        log.get(0).remove(0);
        log.get(1).remove(0);
        sessions.clear();
        transactions.get(2).consumed.clear();
        assertThat(kinds()).containsExactly(Kind.LOST);
    }

    @Test
    void abortedReadInTheLog() {
        log.get(0).add(1, new Read(0, 2, 12));
        log.get(1).add(1, new Read(1, 2, 13));
        sessions.clear();
        assertThat(kinds()).containsExactly(Kind.ABORTED_READ);
    }

    @Test
    void abortedReadByAConsumerOnly() {
        sessions.get(0).add(1, new Read(0, 2, 12));
        assertThat(kinds()).containsExactly(Kind.ABORTED_READ);
    }

    @Test
    void readOfACommitThatFailedAfterAll() {
        log.get(0).remove(1);
        log.get(1).remove(1);
        offsets.clear();
        assertThat(kinds()).containsExactly(Kind.ABORTED_READ);
    }

    @Test
    void aRecordOfNobody() {
        log.get(0).add(new Read(0, 9, 99));
        assertThat(kinds()).containsExactly(Kind.ABORTED_READ);
    }

    @Test
    void torn() {
        log.get(1).remove(1);
        transactions.get(2).consumed.clear();
        offsets.clear();
        assertThat(kinds()).containsExactly(Kind.TORN);
    }

    @Test
    void duplicateInTheLog() {
        log.get(0).add(new Read(0, 7, 14));
        assertThat(kinds()).contains(Kind.DUPLICATE);
    }

    @Test
    void acknowledgedElsewhere() {
        acknowledged.set(3, new Read(0, 3, 14));
        assertThat(kinds()).containsExactly(Kind.DUPLICATE);
    }

    @Test
    void inconsistentOffset() {
        sessions.get(0).set(1, new Read(0, 0, 14));
        assertThat(kinds()).contains(Kind.INCONSISTENT_OFFSET);
    }

    @Test
    void skipped() {
        transaction(Outcome.COMMITTED, 16);
        log.get(0).add(new Read(0, 6, 16));
        sessions.get(0).set(1, new Read(0, 6, 16));
        assertThat(kinds()).containsExactly(Kind.SKIPPED);
    }

    @Test
    void readBackwards() {
        sessions.get(0).add(new Read(0, 0, 10));
        assertThat(kinds()).containsExactly(Kind.READ_BACKWARDS);
    }

    @Test
    void reordered() {
        transaction(Outcome.COMMITTED, 16);
        log.get(0).add(1, new Read(0, 3, 16));
        sessions.clear();
        assertThat(kinds()).containsExactly(Kind.REORDERED);
    }

    @Test
    void neverConsumed() {
        offsets.put(1, 1L);
        assertThat(kinds()).containsExactly(Kind.NEVER_CONSUMED);
    }

    @Test
    void consumedTwice() {
        transactions.get(0).consumed.add(new Read(0, 0, 10));
        assertThat(kinds()).containsExactly(Kind.CONSUMED_TWICE);
    }

    @Test
    void consumedByOneThatWasAborted() {
        transactions.get(1).consumed.addAll(transactions.get(2).consumed);
        transactions.get(2).consumed.clear();
        assertThat(kinds()).containsExactly(Kind.NEVER_CONSUMED);
    }

    @Test
    void offsetLost() {
        offsets.put(0, 0L);
        assertThat(kinds()).containsExactly(Kind.OFFSET_LOST);
    }
}
