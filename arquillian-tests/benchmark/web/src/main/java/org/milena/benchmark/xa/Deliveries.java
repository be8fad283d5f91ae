package org.milena.benchmark.xa;

import jakarta.annotation.Resource;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.util.concurrent.atomic.AtomicLong;

/** Counts messages, and the transactions in which they came, once those are committed. */
@Singleton
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
public class Deliveries {

    private final AtomicLong messages = new AtomicLong();
    private final AtomicLong transactions = new AtomicLong();

    @Resource
    private TransactionSynchronizationRegistry registry;

    /** Within the transaction of a delivery. */
    public void count(int delivered) {
        registry.registerInterposedSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {
                // nothing to do then
            }

            @Override
            public void afterCompletion(int status) {
                if (status == Status.STATUS_COMMITTED) {
                    transactions.incrementAndGet();
                    messages.addAndGet(delivered);
                }
            }
        });
    }

    public long messages() {
        return messages.get();
    }

    public long transactions() {
        return transactions.get();
    }

    public void reset() {
        messages.set(0);
        transactions.set(0);
    }
}
