package org.milena.broker.network;

import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.internal.PlatformDependent;

/** What Netty leaves in a JVM that outlives it. Each would hold our class loader after undeploy. */
final class NettyTraces {

    private static final String FLIGHT_RECORDER = "io.netty.jfr.enabled";

    private NettyTraces() {
    }

    /**
     * Keeps Netty's allocators from listening to the JDK's flight recorder, from where nobody can remove them. Netty asks a system
     * property when its first class loads, and a property would be the whole server's: so it is there for that moment only.
     * Whoever sets it themselves gets what they asked for.
     */
    static synchronized void prevent() {
        if (System.getProperty(FLIGHT_RECORDER) != null) {
            return;
        }
        System.setProperty(FLIGHT_RECORDER, "false");
        try {
            PlatformDependent.isJfrEnabled();
        } finally {
            System.clearProperty(FLIGHT_RECORDER);
        }
    }

    /** For threads of the server that start and stop us, or connect in the VM: Netty's thread locals stay in a thread that is not Netty's own. */
    static void removeFromThisThread() {
        FastThreadLocal.removeAll();
    }
}
