package org.milena.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** Settings of the group coordinator that show only in a whole broker. */
class CoordinatorSettingsTest {

    @TempDir
    Path dir;

    @Test
    void theOffsetsTopicIsCompressedAsAskedAndSurvivesARestart() throws Exception {
        InMemoryMetadataStore store = new InMemoryMetadataStore();
        Map<String, String> settings = Map.of("offsets.topic.compression.codec", String.valueOf(CompressionType.ZSTD.id));
        Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(new TopicPartition("t", 0), new OffsetAndMetadata(7, "note"));
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, store, settings); Admin admin = Admin.create(broker.properties())) {
            admin.createTopics(List.of(new NewTopic("t", 1, (short) 1))).all().get(30, TimeUnit.SECONDS);
            admin.alterConsumerGroupOffsets("g", offsets).all().get(30, TimeUnit.SECONDS);
        }
        assertThat(codecs()).isNotEmpty().containsOnly(CompressionType.ZSTD);
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, store, Map.of()); Admin admin = Admin.create(broker.properties())) {
            assertThat(admin.listConsumerGroupOffsets("g").partitionsToOffsetAndMetadata().get(30, TimeUnit.SECONDS)).isEqualTo(offsets);
        }
    }

    /** Of all batches in the files of __consumer_offsets. */
    private List<CompressionType> codecs() throws Exception {
        List<CompressionType> codecs = new ArrayList<>();
        try (Stream<Path> files = Files.walk(dir)) {
            for (Path file : files.filter(f -> f.toString().contains("__consumer_offsets-") && f.toString().endsWith(".log")).toList()) {
                try (FileRecords records = FileRecords.open(file.toFile(), false)) {
                    for (RecordBatch batch : records.batches()) {
                        codecs.add(batch.compressionType());
                    }
                }
            }
        }
        return codecs;
    }
}
