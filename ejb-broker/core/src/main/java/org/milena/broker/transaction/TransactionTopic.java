package org.milena.broker.transaction;

/** The topic of transactional ids and their transactions. */
public final class TransactionTopic {

    public static final String NAME = "__transaction_state";

    private TransactionTopic() {
    }
}
