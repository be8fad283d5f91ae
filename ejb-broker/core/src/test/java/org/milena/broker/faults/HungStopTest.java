package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** The whole broker is stopped while a disk hangs under a produce: that takes minutes at most, and the other directory is closed cleanly. */
class HungStopTest {

    @TempDir
    Path dir;

    private final FaultyDisk disk = new FaultyDisk();

    private EmbeddedBroker start(InMemoryMetadataStore store) {
        return EmbeddedBroker.start(dir, store, Map.of("log.dirs", dir.resolve("a") + "," + dir.resolve("b"), "milena.log.dir.min.free", "0"), disk);
    }

    @Test
    void theStopEndsAndTheOtherDirectoryIsClosedCleanly() throws Exception {
        assumeTrue(Scene.LONG, "takes two minutes of waiting");
        InMemoryMetadataStore store = new InMemoryMetadataStore();
        EmbeddedBroker broker = start(store);
        Scene.createTopic(broker.port(), "t", 4, Map.of());
        List<TopicPartition> places = Scene.onePerDirectory(broker, "t", 4, List.of(dir.resolve("a"), dir.resolve("b")));
        var producer = Scene.producer(broker.port(), "max.block.ms", "1000", "delivery.timeout.ms", "3000", "request.timeout.ms", "2000", "linger.ms", "0");
        Scene.get(Scene.send(producer, places.get(0), "acknowledged"));
        Scene.get(Scene.send(producer, places.get(1), "acknowledged"));
        disk.stall(dir.resolve("b"));
        Scene.send(producer, places.get(1), "waits");
        Scene.await("the disk holds a thread", () -> disk.held() > 0);
        Thread stop = new Thread(broker::close, "stop");
        long began = System.nanoTime();
        stop.start();
        stop.join(TimeUnit.MINUTES.toMillis(4));
        assertThat(stop.isAlive()).as("still stopping").isFalse();
        System.out.printf("Stopping took %d s%n", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began));
        assertThat(disk.exists(dir.resolve("a").resolve(".kafka_cleanshutdown"))).isTrue();
        assertThat(disk.exists(dir.resolve("b").resolve(".kafka_cleanshutdown"))).isFalse();
        producer.close(java.time.Duration.ZERO);
        disk.heal(dir.resolve("b"));
        Scene.await("the stopped broker lets go of the directory", () -> unlocked(dir.resolve("b")));
        try (EmbeddedBroker again = start(store)) {
            assertThat(Scene.readAll(again.port(), places.get(0))).hasSize(1);
            assertThat(new String(Scene.readAll(again.port(), places.get(1)).get(0).value())).isEqualTo("acknowledged");
        }
    }

    private static boolean unlocked(Path directory) throws IOException {
        try (FileChannel file = FileChannel.open(directory.resolve(".lock"), StandardOpenOption.WRITE); FileLock lock = file.tryLock()) {
            return lock != null;
        } catch (OverlappingFileLockException held) {
            return false;
        }
    }
}
