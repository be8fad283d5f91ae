package org.milena.connector.ra;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.runtime.ObjectMethods;

/**
 * The JDK makes {@code equals}, {@code hashCode} and {@code toString} of a record from static method handles of its own, and such a handle
 * remembers the type that it was last adapted to. Up to JDK 17 it does so for good (JDK-8078641): the last record that was linked, and with
 * it our class loader, stays until some other application links one.
 */
final class RecordMethods {

    private static final int MENDED_IN = 18;

    private RecordMethods() {
    }

    /** Adapts the handles to a class of the JDK. Call it last of all: a record whose methods are linked afterwards is held again. */
    static void forget() {
        if (Runtime.version().feature() >= MENDED_IN) {
            return;
        }
        MethodHandle component = MethodHandles.identity(String.class);
        for (String method : new String[] {"equals", "hashCode", "toString"}) {
            try {
                ObjectMethods.bootstrap(MethodHandles.lookup(), method, MethodHandle.class, String.class, "it", component);
            } catch (Throwable e) { // as the JDK declares it
                System.getLogger(RecordMethods.class.getName()).log(System.Logger.Level.DEBUG,
                    "This JDK may keep the deployment's class loader after undeploy", e);
            }
        }
    }
}
