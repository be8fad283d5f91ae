package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InconsistentTopicIdException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLogManagerTest {

    @TempDir
    Path dir;
    LogFixture fixture;

    @BeforeEach
    void open() {
        fixture = new LogFixture(new NioDisk(), dir.resolve("a"));
        fixture.config = LogFixture.config(2000);
        fixture.open();
    }

    @Test
    void whatWasAppendedIsReadBackAcrossRollsAndReopening() {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            fixture.append("v" + i);
            expected.add(i + "=v" + i);
        }
        assertThat(LogFixture.contents(fixture.log())).isEqualTo(expected);
        assertThat(fixture.log().segments()).hasSizeGreaterThan(2);
        fixture.close();
        fixture.open();
        assertThat(LogFixture.contents(fixture.log())).isEqualTo(expected);
        assertThat(fixture.append("more").firstOffset()).isEqualTo(100);
        assertThat(fixture.log().recoveryPoint()).isEqualTo(100);
    }

    @Test
    void readingOutsideOfTheLogIsOutOfRange() {
        fixture.append("a", "b");
        assertThatThrownBy(() -> fixture.log().read(3, 100, 3, true)).isInstanceOf(OffsetOutOfRangeException.class);
        assertThat(fixture.log().read(2, 100, 2, true).sizeInBytes()).isZero();
        LogRead inside = fixture.log().read(1, 1000, 2, true);
        assertThat(inside.startOffset()).isZero();
        inside.release();
    }

    /** Else the event loop would offer the socket nothing, for ever. */
    @Test
    void sendingFromASegmentThatBecameShorterFails() throws Exception {
        fixture.append("a", "b");
        LogRead read = fixture.log().read(0, 1000, 2, true);
        Path file = dir.resolve("a/orders-0/00000000000000000000.log");
        try (var channel = java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
            channel.truncate(0);
        }
        var target = java.nio.channels.Channels.newChannel(new java.io.ByteArrayOutputStream());
        assertThatThrownBy(() -> read.transferTo(0, read.sizeInBytes(), target)).isInstanceOf(java.io.IOException.class)
                .hasMessageContaining(file.toString());
        read.release();
    }

    @Test
    void theDirectoryIsLockedWhileItIsOpen() {
        assertThatThrownBy(() -> new LogFixture(new NioDisk(), dir.resolve("a")).open())
                .isInstanceOf(KafkaStorageException.class).hasMessageContaining("Another broker is using");
    }

    @Test
    void aTopicCreatedAgainWithAnotherIdIsRefused() {
        fixture.append("a");
        assertThatThrownBy(() -> fixture.manager.getOrCreate(LogFixture.TP, Uuid.randomUuid(), fixture.config))
                .isInstanceOf(InconsistentTopicIdException.class).hasMessageContaining("orders-0");
    }

    @Test
    void topicsAreFoundWithTheirConfigsWithoutAnyMetadata() {
        fixture.append("a");
        fixture.log(new TopicPartition("orders", 1));
        fixture.manager.saveTopicConfigs(LogFixture.TOPIC_ID, Map.of("retention.ms", "-1"));
        fixture.log(new TopicPartition("orders", 2));
        fixture.close();
        fixture.open();
        assertThat(fixture.manager.found()).singleElement().satisfies(found -> {
            assertThat(found.name()).isEqualTo("orders");
            assertThat(found.id()).isEqualTo(LogFixture.TOPIC_ID);
            assertThat(found.partitions()).containsExactly(0, 1, 2);
            assertThat(found.configs()).contains(Map.of("retention.ms", "-1"));
        });
        assertThat(dir.resolve("a/orders-2/milena-topic.properties")).exists();
        assertThat(fixture.manager.log(LogFixture.TP).orElseThrow().config().held()).isTrue();
    }

    @Test
    void aDeletedLogIsRenamedAndGoneAfterTheDelay() throws Exception {
        fixture.append("a");
        fixture.manager.delete(LogFixture.TP);
        assertThat(fixture.manager.log(LogFixture.TP)).isEmpty();
        assertThat(directories()).singleElement().asString().matches("orders-0\\..*-delete");
        fixture.manager.enforceRetention();
        assertThat(directories()).hasSize(1);
        fixture.now.addAndGet(60_000);
        fixture.manager.enforceRetention();
        assertThat(directories()).isEmpty();
    }

    private List<String> directories() throws Exception {
        try (var entries = Files.list(dir.resolve("a"))) {
            return entries.filter(Files::isDirectory).map(p -> p.getFileName().toString()).toList();
        }
    }
}
