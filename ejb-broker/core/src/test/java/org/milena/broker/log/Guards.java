package org.milena.broker.log;

/** Guards for logs that are none. */
public final class Guards {

    private Guards() {
    }

    public static TransactionGuard guard(short epoch) {
        return new TransactionGuard(epoch, 0, false, 0);
    }
}
