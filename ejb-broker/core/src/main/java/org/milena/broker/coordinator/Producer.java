package org.milena.broker.coordinator;

import org.milena.broker.log.TransactionGuard;

/**
 * Whose transaction records belong to.
 *
 * @param guard what {@link CoordinatorRuntime#expectTransaction} gave out before the transaction coordinator was asked, or null
 */
public record Producer(long id, short epoch, TransactionGuard guard) {
}
