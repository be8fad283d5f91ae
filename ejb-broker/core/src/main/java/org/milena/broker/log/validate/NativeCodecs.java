package org.milena.broker.log.validate;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Makes lz4-java use its native code in an application server. By itself it does so only where the system class loader has loaded it,
 * and falls back to Java, twice as expensive, in a deployment; once the native library has been loaded it stays with it.
 */
public final class NativeCodecs {

    private static final Logger LOG = System.getLogger(NativeCodecs.class.getName());

    private NativeCodecs() {
    }

    /** To be called before the first batch is read. Where there is no native code for this machine, nothing changes. */
    public static void load() {
        try {
            Class.forName("net.jpountz.lz4.LZ4Factory", true, NativeCodecs.class.getClassLoader()).getMethod("nativeInstance").invoke(null);
        } catch (ReflectiveOperationException | LinkageError e) {
            LOG.log(Level.INFO, "lz4 runs without native code: {0}", String.valueOf(e.getCause() == null ? e : e.getCause()));
        }
    }
}
