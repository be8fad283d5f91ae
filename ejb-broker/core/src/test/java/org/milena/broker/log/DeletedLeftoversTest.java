package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.junit.jupiter.api.Test;

/** What a directory that was away still holds of a topic that was deleted meanwhile: known by its topic id, removed and never served. */
class DeletedLeftoversTest {

    private static final Path A = Path.of("/a");
    private static final Path B = Path.of("/b");
    private static final Path C = Path.of("/c");
    private static final Uuid NEXT = new Uuid(8, 8);

    private final SimulatedDisk disk = new SimulatedDisk();
    private final LogFixture fixture = new LogFixture(disk, A, B);

    private Path place() {
        return disk.isDirectory(A.resolve("orders-0")) ? A : B;
    }

    private void startWithout(Path directory) {
        disk.kill();
        disk.fault((operation, file) -> {
            if (file.startsWith(directory)) {
                throw new IOException("Input/output error");
            }
        });
        fixture.open();
    }

    private void startWithAll() {
        disk.kill();
        fixture.open();
    }

    @Test
    void itIsRemovedWithNoOther() {
        fixture.open();
        fixture.append("old");
        TopicPartition other = new TopicPartition("other", 0);
        fixture.manager.getOrCreate(other, NEXT, fixture.config, true).append(fixture.batch("kept"), AppendOrigin.CLIENT, 0);
        startWithAll();
        fixture.manager.deleteLeftovers(Set.of(LogFixture.TOPIC_ID, new Uuid(1, 1)));
        assertThat(fixture.manager.found()).singleElement().satisfies(topic -> assertThat(topic.id()).isEqualTo(NEXT));
        startWithAll();
        assertThat(fixture.manager.found()).singleElement().satisfies(topic -> assertThat(topic.id()).isEqualTo(NEXT));
        assertThat(LogFixture.contents(fixture.manager.log(other).orElseThrow())).containsExactly("0=kept");
    }

    @Test
    void itsSuccessorInAnotherDirectoryIsServed() {
        fixture.open();
        fixture.append("old", "old");
        Path away = place();
        startWithout(away);
        SegmentedLog successor = (SegmentedLog) fixture.manager.getOrCreate(LogFixture.TP, NEXT, fixture.config, true);
        successor.append(fixture.batch("a", "b", "c"), AppendOrigin.CLIENT, 0);
        successor.flush();
        successor.advanceLogStart(1);
        startWithAll();
        assertThat(fixture.manager.log(LogFixture.TP)).as("nobody has said yet which of the two it is").isEmpty();
        fixture.manager.deleteLeftovers(Set.of(LogFixture.TOPIC_ID));
        assertThat(fixture.manager.failure(LogFixture.TP)).isEmpty();
        PartitionLog served = fixture.manager.log(LogFixture.TP).orElseThrow();
        assertThat(served.topicId()).isEqualTo(NEXT);
        assertThat(LogFixture.contents(served, 1)).containsExactly("1=b", "2=c");
        assertThat(disk.isDirectory(away.resolve("orders-0"))).isFalse();
        served.append(fixture.batch("d"), AppendOrigin.CLIENT, 0);
        startWithAll();
        assertThat(fixture.manager.log(LogFixture.TP).orElseThrow().logStartOffset()).isEqualTo(1);
        assertThat(LogFixture.contents(fixture.manager.log(LogFixture.TP).orElseThrow())).containsExactly("1=b", "2=c", "3=d");
    }

    @Test
    void twoOfTheSameNameThatNobodyDeletedStepAside() {
        fixture.open();
        fixture.append("old");
        startWithout(place());
        fixture.manager.getOrCreate(LogFixture.TP, NEXT, fixture.config, true);
        startWithAll();
        fixture.manager.deleteLeftovers(Set.of(new Uuid(1, 1)));
        assertThatThrownBy(() -> fixture.manager.getOrCreate(LogFixture.TP, NEXT, fixture.config)).isInstanceOf(KafkaStorageException.class)
                .hasMessageContaining("exists twice");
    }

    @Test
    void ofThreeOfTheSameNameNoneIsServed() {
        LogFixture three = new LogFixture(disk, A, B, C);
        three.open();
        three.append("v");
        disk.kill();
        Map<Path, byte[]> image = disk.image();
        Path here = image.keySet().stream().filter(path -> path.endsWith(PartitionMetadataFile.NAME)).findFirst().orElseThrow().getParent();
        for (Path directory : three.dirs) {
            Path copy = directory.resolve("orders-0");
            disk.createDirectories(copy);
            disk.image().forEach((path, bytes) -> {
                if (path.startsWith(here)) {
                    image.put(copy.resolve(path.getFileName()), bytes);
                }
            });
        }
        disk.restore(image);
        three.open();
        assertThat(three.manager.log(LogFixture.TP)).isEmpty();
        assertThat(three.manager.failure(LogFixture.TP)).isPresent();
        three.manager.deleteLeftovers(Set.of(LogFixture.TOPIC_ID));
        assertThat(three.manager.failure(LogFixture.TP)).isEmpty();
        assertThat(three.dirs).noneMatch(directory -> disk.isDirectory(directory.resolve("orders-0")));
    }

    @Test
    void aDirectoryThatFailsKeepsItButServesNothing() {
        fixture.open();
        fixture.append("old");
        Path away = place();
        startWithAll();
        disk.fault((operation, file) -> {
            if (operation == SimulatedDisk.Operation.RENAME && file.startsWith(away)) {
                throw new IOException("Input/output error");
            }
        });
        fixture.manager.deleteLeftovers(Set.of(LogFixture.TOPIC_ID));
        assertThat(fixture.manager.found()).isEmpty();
        assertThat(fixture.manager.directories()).anyMatch(directory -> !directory.online());
        startWithAll();
        fixture.manager.deleteLeftovers(Set.of(LogFixture.TOPIC_ID));
        assertThat(disk.isDirectory(away.resolve("orders-0"))).isFalse();
    }
}
