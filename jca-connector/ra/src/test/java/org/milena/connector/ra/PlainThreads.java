package org.milena.connector.ra;

import jakarta.resource.spi.BootstrapContext;
import jakarta.resource.spi.XATerminator;
import jakarta.resource.spi.work.ExecutionContext;
import jakarta.resource.spi.work.Work;
import jakarta.resource.spi.work.WorkContext;
import jakarta.resource.spi.work.WorkListener;
import jakarta.resource.spi.work.WorkManager;
import jakarta.transaction.Status;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.lang.reflect.Proxy;
import java.util.Timer;
import java.util.concurrent.atomic.AtomicReference;

/** A server's threads, counted, and its transaction. */
final class PlainThreads implements BootstrapContext, WorkManager {

    private static final ThreadGroup GROUP = new ThreadGroup("works");

    volatile boolean doomed;
    volatile boolean inTransaction = true;
    /** Thrown once in place of a thread. */
    final AtomicReference<RuntimeException> refusal = new AtomicReference<>();

    static int running() {
        return GROUP.activeCount();
    }

    @Override
    public WorkManager getWorkManager() {
        return this;
    }

    /** Like WildFly, which releases each work when it has ended. */
    @Override
    public long startWork(Work work) {
        Thread thread = new Thread(GROUP, () -> {
            work.run();
            work.release();
        }, "work");
        thread.setDaemon(true);
        thread.start();
        return 0;
    }

    @Override
    public long startWork(Work work, long startTimeout, ExecutionContext context, WorkListener listener) {
        return startWork(work);
    }

    @Override
    public void doWork(Work work) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void doWork(Work work, long startTimeout, ExecutionContext context, WorkListener listener) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void scheduleWork(Work work) {
        RuntimeException refused = refusal.getAndSet(null);
        if (refused != null) {
            throw refused;
        }
        startWork(work);
    }

    @Override
    public void scheduleWork(Work work, long startTimeout, ExecutionContext context, WorkListener listener) {
        throw new UnsupportedOperationException();
    }

    @Override
    public XATerminator getXATerminator() {
        return null;
    }

    @Override
    public Timer createTimer() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean isContextSupported(Class<? extends WorkContext> type) {
        return false;
    }

    /** One transaction, for whoever asks: it knows whether it was doomed. */
    @Override
    public TransactionSynchronizationRegistry getTransactionSynchronizationRegistry() {
        return (TransactionSynchronizationRegistry) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[] {TransactionSynchronizationRegistry.class}, (proxy, method, arguments) -> switch (method.getName()) {
                    case "getTransactionStatus" -> inTransaction ? Status.STATUS_ACTIVE : Status.STATUS_NO_TRANSACTION;
                    case "setRollbackOnly" -> {
                        doomed = true;
                        yield null;
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }
}
