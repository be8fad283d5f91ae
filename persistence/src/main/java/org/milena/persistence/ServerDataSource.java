package org.milena.persistence;

import java.util.concurrent.TimeUnit;
import javax.naming.InitialContext;
import javax.naming.NameNotFoundException;
import javax.naming.NamingException;
import javax.sql.DataSource;

/** A data source that the server manages. */
final class ServerDataSource {

    private static final System.Logger LOG = System.getLogger(ServerDataSource.class.getName());

    private ServerDataSource() {
    }

    /**
     * A server that boots starts data sources and applications side by side, so one that is not bound yet is waited for.
     *
     * @throws NameNotFoundException nothing was bound to the name within {@code patienceMs}
     */
    static DataSource lookup(String jndiName, long patienceMs) throws NamingException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMs);
        boolean said = false;
        while (true) {
            try {
                return (DataSource) InitialContext.doLookup(jndiName);
            } catch (NameNotFoundException e) {
                if (System.nanoTime() >= deadline) {
                    throw e;
                }
            }
            if (!said) {
                LOG.log(System.Logger.Level.INFO, "No data source is bound to {0} yet; waiting {1} ms for it", jndiName, String.valueOf(patienceMs));
                said = true;
            }
            pause();
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DatabaseException("Interrupted while waiting for a data source", e);
        }
    }
}
