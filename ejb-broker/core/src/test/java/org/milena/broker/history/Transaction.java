package org.milena.broker.history;

import java.util.ArrayList;
import java.util.List;

/** What a client did in one transaction, as far as the client knows. Only its client's thread writes it; it is read when the load is over. */
public final class Transaction {

    /** Until its commit is asked for, a transaction can only end aborted; until the commit is answered, nobody knows. */
    public enum Outcome { ABORTED, UNKNOWN, COMMITTED }

    /** @param value unique in a history */
    public record Send(int partition, long value) { }

    public final String client;
    public final List<Send> sends = new ArrayList<>();
    /** What was read in it and whose offsets it commits for the group. */
    public final List<Read> consumed = new ArrayList<>();
    private volatile Outcome outcome = Outcome.ABORTED;

    public Transaction(String client) {
        this.client = client;
    }

    public Outcome outcome() {
        return outcome;
    }

    public Transaction ended(Outcome how) {
        outcome = how;
        return this;
    }

    @Override
    public String toString() {
        return outcome + " transaction of " + client + ", sends " + sends + ", consumed " + consumed;
    }
}
