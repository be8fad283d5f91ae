package org.milena.connector.ra;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import org.milena.connector.client.InVm;

/** Finds the function that a broker in this server has bound. */
final class LocalBroker implements InVm.Lookup {

    /** Where Milena's EAR binds it. */
    static final String NAME = "java:global/milena/broker";

    @Override
    @SuppressWarnings("unchecked")
    public BiFunction<Integer, Runnable, Function<ByteBuffer, CompletionStage<ByteBuffer>>> find() throws IOException {
        try {
            return (BiFunction<Integer, Runnable, Function<ByteBuffer, CompletionStage<ByteBuffer>>>) new InitialContext().lookup(NAME);
        } catch (NamingException | ClassCastException e) {
            throw new IOException("No Milena runs in this server (nothing is bound to " + NAME + "); deploy milena.ear, or set bootstrapServers (for all of"
                    + " this server: the system property " + ServerDefaults.BOOTSTRAP_SERVERS + ")", e);
        }
    }
}
