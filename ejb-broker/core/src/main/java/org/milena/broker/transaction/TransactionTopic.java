package org.milena.broker.transaction;

import java.util.concurrent.CompletableFuture;

/** Makes {@code __transaction_state} when it is first needed. */
@FunctionalInterface
public interface TransactionTopic {

    String NAME = "__transaction_state";

    /** Must not block; completes once the topic stands in the metadata image, or with why it could not be made. */
    CompletableFuture<Void> ensureExists();
}
