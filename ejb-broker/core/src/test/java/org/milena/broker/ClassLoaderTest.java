package org.milena.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.testing.EmbeddedBroker;

/** A stopped broker leaves nothing in the JVM that keeps its classes: neither in the JDK, nor in the thread that started and stopped it. */
class ClassLoaderTest {

    /** Runs within the other class loader. */
    static final class Life implements Consumer<Path> {
        @Override
        public void accept(Path data) {
            try (EmbeddedBroker broker = EmbeddedBroker.start(data)) {
                for (String codec : new String[] {"none", "gzip", "lz4", "snappy", "zstd"}) {
                    try (KafkaProducer<String, String> producer = new KafkaProducer<>(broker.properties("compression.type", codec),
                            new StringSerializer(), new StringSerializer())) {
                        producer.send(new ProducerRecord<>("topic", "value")).get(30, TimeUnit.SECONDS);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                }
            }
        }
    }

    /** JDK 17 keeps the last record of all whose methods were linked (JDK-8078641): it shall be one of this class loader. */
    private record Last(String any) {
    }

    @TempDir
    Path data;

    @Test
    void isReleased() {
        WeakReference<ClassLoader> loader = liveInAnotherClassLoader(data);
        Last last = new Last("");
        assertThat(last.equals(new Last("")) && last.hashCode() == 0 && !last.toString().isEmpty()).isTrue();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (loader.get() != null && System.nanoTime() < deadline) {
            System.gc();
        }
        assertThat(loader.get()).as("class loader of a broker that was stopped").isNull();
    }

    @SuppressWarnings("unchecked")
    private static WeakReference<ClassLoader> liveInAnotherClassLoader(Path data) {
        URL[] everything = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).map(ClassLoaderTest::url).toArray(URL[]::new);
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(everything, ClassLoader.getPlatformClassLoader())) {
            Thread.currentThread().setContextClassLoader(loader);
            var life = loader.loadClass(Life.class.getName()).getDeclaredConstructor();
            life.setAccessible(true);
            ((Consumer<Path>) life.newInstance()).accept(data);
            return new WeakReference<>(loader);
        } catch (IOException | ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    private static URL url(String entry) {
        try {
            return new File(entry).toURI().toURL();
        } catch (MalformedURLException e) {
            throw new UncheckedIOException(e);
        }
    }
}
