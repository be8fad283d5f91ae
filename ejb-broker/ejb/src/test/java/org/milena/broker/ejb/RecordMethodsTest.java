package org.milena.broker.ejb;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import org.junit.jupiter.api.Test;

class RecordMethodsTest {

    /** Loaded again by a class loader that is then dropped. */
    record Point(Point next, int x) {
    }

    @Test
    void aRecordThatWasComparedDoesNotHoldItsClassLoader() throws Exception {
        WeakReference<ClassLoader> loader = useRecordOfAnotherLoader();
        RecordMethods.forget();
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (loader.get() != null && System.nanoTime() < deadline) {
            System.gc();
        }
        assertThat(loader.get()).as("class loader of the record").isNull();
    }

    private static WeakReference<ClassLoader> useRecordOfAnotherLoader() throws Exception {
        URL classes = Point.class.getProtectionDomain().getCodeSource().getLocation();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {classes}, ClassLoader.getPlatformClassLoader())) {
            var constructor = loader.loadClass(Point.class.getName()).getDeclaredConstructors()[0];
            constructor.setAccessible(true);
            Object one = constructor.newInstance(null, 1);
            Object same = constructor.newInstance(null, 1);
            assertThat(one.getClass()).isNotEqualTo(Point.class);
            assertThat(one.equals(same) && one.hashCode() == same.hashCode() && one.toString().equals(same.toString())).isTrue();
            return new WeakReference<>(loader);
        }
    }
}
