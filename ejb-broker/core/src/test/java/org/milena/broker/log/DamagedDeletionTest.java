package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

/** Deleting a topic takes away those of its partitions, too, that did not open: else they would come back, or stand in its successor's way. */
class DamagedDeletionTest {

    private static final Path A = Path.of("/a");
    private static final Path B = Path.of("/b");
    private final SimulatedDisk disk = new SimulatedDisk();
    private final LogFixture fixture = new LogFixture(disk, A, B);

    private Path place() {
        return disk.isDirectory(A.resolve("orders-0")) ? A.resolve("orders-0") : B.resolve("orders-0");
    }

    private void deleteAndCreateAnew() {
        assertThat(fixture.manager.failure(LogFixture.TP)).isPresent();
        assertThat(fixture.manager.directory(LogFixture.TP)).isPresent();
        fixture.manager.delete(LogFixture.TP);
        assertThat(fixture.manager.failure(LogFixture.TP)).isEmpty();
        assertThat(disk.isDirectory(A.resolve("orders-0"))).isFalse();
        assertThat(disk.isDirectory(B.resolve("orders-0"))).isFalse();
        Uuid next = new Uuid(8, 8);
        assertThat(fixture.manager.getOrCreate(LogFixture.TP, next, fixture.config, true).logEndOffset()).isZero();
        disk.kill();
        fixture.open();
        assertThat(fixture.manager.failure(LogFixture.TP)).isEmpty();
        assertThat(fixture.manager.found()).singleElement().satisfies(topic -> assertThat(topic.id()).isEqualTo(next));
        fixture.now.addAndGet(120_000);
        fixture.manager.enforceRetention();
        assertThat(disk.image().keySet()).as("what was renamed is gone for good").noneMatch(path -> path.toString().contains("-delete"));
    }

    @Test
    void aDamagedOne() {
        fixture.open();
        fixture.append("old");
        disk.kill();
        Map<Path, byte[]> image = disk.image();
        image.put(place().resolve(PartitionMetadataFile.NAME), "version: 0\ntopic_id: ???\n".getBytes(StandardCharsets.UTF_8));
        disk.restore(image);
        fixture.open();
        deleteAndCreateAnew();
    }

    @Test
    void oneThatIsInTwoDirectories() throws Exception {
        fixture.open();
        fixture.append("old");
        disk.kill();
        Map<Path, byte[]> image = disk.image();
        Path here = place();
        Path other = (here.startsWith(A) ? B : A).resolve("orders-0");
        disk.createDirectories(other);
        Map.copyOf(image).forEach((path, bytes) -> {
            if (path.startsWith(here)) {
                image.put(other.resolve(path.getFileName()), bytes);
            }
        });
        disk.restore(image);
        fixture.open();
        deleteAndCreateAnew();
    }
}
