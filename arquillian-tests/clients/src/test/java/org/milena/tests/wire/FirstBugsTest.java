package org.milena.tests.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsPartitionResponse;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.Cluster;

/** The bugs that brokers written from Kafka's documentation have first, topics and records; groups are in {@link GroupBugsTest}. */
@ExtendWith(BrokerUnderTest.class)
class FirstBugsTest {
    private static final long BASE = System.currentTimeMillis() - 3_600_000;
    private RawClient client;

    @BeforeEach
    void connect() {
        client = new RawClient(BrokerUnderTest.bootstrap());
    }

    @AfterEach
    void close() {
        client.close();
    }

    private MetadataResponseData.MetadataResponseTopic metadata(String topic, boolean create, int version) {
        MetadataResponseData answer = client.send(new MetadataRequestData().setAllowAutoTopicCreation(create)
            .setTopics(List.of(new MetadataRequestData.MetadataRequestTopic().setName(topic))), version);
        return answer.topics().find(topic);
    }

    @Test
    void metadataCreatesAMissingTopicOnlyWhereTheClientAllowsIt() {
        String topic = Cluster.name("auto");
        assertThat(Errors.forCode(metadata(topic, false, 9).errorCode())).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(Cluster.get(Cluster.admin().listTopics().names())).doesNotContain(topic);
        // Before version 4 a client can't forbid it.
        Errors first = Errors.forCode(metadata(topic, true, 1).errorCode());
        assertThat(first).isIn(Errors.UNKNOWN_TOPIC_OR_PARTITION, Errors.LEADER_NOT_AVAILABLE, Errors.NONE);
        awaitLeader(topic, 0);
    }

    @Test
    void metadataForAnImpossibleNameSaysSoAndCreatesNothing() {
        assertThat(Errors.forCode(metadata("no/slash", true, 9).errorCode())).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
        assertThat(Errors.forCode(metadata("x".repeat(250), true, 9).errorCode())).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
    }

    private void awaitLeader(String topic, int partition) {
        long end = System.nanoTime() + 60_000_000_000L;
        while (System.nanoTime() < end) {
            MetadataResponseData.MetadataResponseTopic found = metadata(topic, false, 9);
            if (found.errorCode() == 0 && found.partitions().stream().anyMatch(p -> p.partitionIndex() == partition && p.leaderId() >= 0)) return;
        }
        throw new AssertionError("no leader for " + topic + "-" + partition);
    }

    @Test
    void aFetchInsideABatchAnswersTheWholeBatch() {
        String topic = Cluster.topic("inside", 1);
        Requests.produce(client, topic, 0, Requests.records("a", "b", "c"));
        Requests.produce(client, topic, 0, Requests.records("d", "e", "f"));
        FetchResponseData.PartitionData data = Batches.fetch(client, topic, 0, 4);
        MemoryRecords records = (MemoryRecords) data.records();
        assertThat(records.batches().iterator().next().baseOffset()).isEqualTo(3);
        assertThat(records.records()).extracting(Record::offset).containsExactly(3L, 4L, 5L);
        try (KafkaConsumer<byte[], byte[]> consumer = Cluster.consumer(Map.of())) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seek(partition, 4);
            assertThat(consumer.poll(java.time.Duration.ofSeconds(10))).extracting(record -> new String(record.value())).containsExactly("e", "f");
        }
    }

    @Test
    void aFetchBehindTheEndIsEmptyAndBeyondItIsOutOfRange() {
        String topic = Cluster.topic("range", 1);
        Requests.produce(client, topic, 0, Requests.records("a"));
        assertThat(Batches.fetch(client, topic, 0, 1).errorCode()).isZero();
        assertThat(Batches.fetch(client, topic, 0, 1).highWatermark()).isEqualTo(1);
        assertThat(Errors.forCode(Batches.fetch(client, topic, 0, 2).errorCode())).isEqualTo(Errors.OFFSET_OUT_OF_RANGE);
    }

    @Test
    void aFetchGivesTheFirstBatchWholeHoweverSmallItsLimit() {
        String topic = Cluster.topic("limit", 1);
        Requests.produce(client, topic, 0, Requests.records("x".repeat(5000)));
        org.apache.kafka.common.message.FetchRequestData request = new org.apache.kafka.common.message.FetchRequestData().setMaxWaitMs(0)
            .setMinBytes(1).setMaxBytes(10).setSessionEpoch(-1).setTopics(List.of(
                new org.apache.kafka.common.message.FetchRequestData.FetchTopic().setTopic(topic).setPartitions(List.of(
                    new org.apache.kafka.common.message.FetchRequestData.FetchPartition().setPartition(0).setPartitionMaxBytes(10)))));
        FetchResponseData answer = client.send(request, 12);
        assertThat(((MemoryRecords) answer.responses().get(0).partitions().get(0).records()).records()).hasSize(1);
    }

    @Test
    void listOffsetsFindsTimesAndBothEnds() {
        String topic = Cluster.topic("times", 1);
        // Out of order within the batch: the answer is the first record in the log that is late enough.
        Requests.produce(client, topic, 0, MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(BASE + 100, new byte[1]),
            new SimpleRecord(BASE + 300, new byte[1]), new SimpleRecord(BASE + 200, new byte[1])));
        ListOffsetsPartitionResponse found = Requests.listOffsets(client, 7, topic, 0, BASE + 150);
        assertThat(found.offset()).isEqualTo(1);
        assertThat(found.timestamp()).isEqualTo(BASE + 300);
        assertThat(Requests.listOffsets(client, 7, topic, 0, -1).offset()).isEqualTo(3);
        assertThat(Requests.listOffsets(client, 7, topic, 0, -2).offset()).isEqualTo(0);
        assertThat(Requests.listOffsets(client, 7, topic, 0, -3).offset()).as("the record of the largest timestamp").isEqualTo(1);
        assertThat(Requests.listOffsets(client, 7, topic, 0, -3).timestamp()).isEqualTo(BASE + 300);
        ListOffsetsPartitionResponse none = Requests.listOffsets(client, 7, topic, 0, BASE + 301);
        assertThat(none.errorCode()).isZero();
        assertThat(none.offset()).isEqualTo(-1);
        assertThat(none.timestamp()).isEqualTo(-1);
        assertThat(Errors.forCode(Requests.listOffsets(client, 7, topic, 5, -1).errorCode())).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
    }

    @Test
    void createPartitionsAnswersForEveryTopic() {
        String topic = Cluster.topic("grow", 1);
        String missing = Cluster.name("missing");
        Map<String, org.apache.kafka.common.KafkaFuture<Void>> results = Cluster.admin().createPartitions(
            Map.of(topic, NewPartitions.increaseTo(3), missing, NewPartitions.increaseTo(3))).values();
        Cluster.get(results.get(topic));
        assertThatThrownBy(() -> Cluster.get(results.get(missing))).isInstanceOf(UnknownTopicOrPartitionException.class);
        assertThatThrownBy(() -> Cluster.get(Cluster.admin().createPartitions(Map.of(topic, NewPartitions.increaseTo(2))).all()))
            .isInstanceOf(InvalidPartitionsException.class).hasMessageContaining("3");
        awaitLeader(topic, 2);
    }

    @Test
    void aPartitionInTheMetadataTakesRecords() {
        Assumptions.assumeFalse(BrokerUnderTest.isKafka(), "Kafka itself may show a partition before its log is ready");
        for (int i = 0; i < 10; i++) {
            String topic = Cluster.name("ready");
            Cluster.get(Cluster.admin().createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all());
            awaitLeader(topic, 0);
            assertThat(Requests.produce(client, topic, 0, Requests.records("at once")).errorCode()).isZero();
            Cluster.get(Cluster.admin().createPartitions(Map.of(topic, NewPartitions.increaseTo(2))).all());
            awaitLeader(topic, 1);
            assertThat(Requests.produce(client, topic, 1, Requests.records("at once")).errorCode()).isZero();
        }
    }

    @Test
    void describeConfigsTellsDefaultsWithTheirSource() {
        String topic = Cluster.topic("configs", 1, Map.of("max.message.bytes", "123456"));
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Config config = Cluster.get(Cluster.admin().describeConfigs(List.of(resource),
            new org.apache.kafka.clients.admin.DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true)).all()).get(resource);
        ConfigEntry size = config.get("max.message.bytes");
        assertThat(size.value()).isEqualTo("123456");
        assertThat(size.source()).isEqualTo(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);
        assertThat(size.isDefault()).isFalse();
        assertThat(size.synonyms()).extracting(ConfigEntry.ConfigSynonym::name).containsExactly("max.message.bytes", "message.max.bytes");
        assertThat(size.type()).isEqualTo(ConfigEntry.ConfigType.INT);
        assertThat(size.documentation()).isNotBlank();
        ConfigEntry policy = config.get("cleanup.policy");
        assertThat(policy.value()).isEqualTo("delete");
        assertThat(policy.source()).isEqualTo(ConfigEntry.ConfigSource.DEFAULT_CONFIG);
        assertThat(config.entries()).extracting(ConfigEntry::name)
            .contains("segment.bytes", "max.message.bytes", "compression.type", "min.insync.replicas", "message.timestamp.type");
    }

    @Test
    void aBatchAboveMaxMessageBytesIsRefusedAndNothingStored() {
        String topic = Cluster.topic("small", 1, Map.of("max.message.bytes", "1000"));
        assertThat(Errors.forCode(Requests.produce(client, topic, 0, Requests.records("x".repeat(2000))).errorCode()))
            .isEqualTo(Errors.MESSAGE_TOO_LARGE);
        assertThat(Requests.listOffsets(client, 7, topic, 0, -1).offset()).isZero();
        assertThat(Requests.produce(client, topic, 0, Requests.records("x".repeat(800))).errorCode()).isZero();
    }

    @Test
    void aCompactedTopicRefusesRecordsWithoutKeyAndNamesThem() {
        String topic = Cluster.topic("compacted", 1, Map.of("cleanup.policy", "compact"));
        PartitionProduceResponse refused = Requests.produce(client, topic, 0, MemoryRecords.withRecords(Compression.NONE,
            new SimpleRecord("k".getBytes(), "1".getBytes()), new SimpleRecord("no key".getBytes())));
        assertThat(Errors.forCode(refused.errorCode())).isEqualTo(Errors.INVALID_RECORD);
        assertThat(refused.recordErrors()).singleElement().satisfies(error -> {
            assertThat(error.batchIndex()).isEqualTo(1);
            assertThat(error.batchIndexErrorMessage()).contains("Compacted topic cannot accept message without key in topic partition " + topic + "-0");
        });
        assertThat(Requests.listOffsets(client, 7, topic, 0, -1).offset()).isZero();
    }

    @Test
    void aFirstSequenceOtherThanZeroOnAnEmptyPartitionIsRefused() {
        Assumptions.assumeFalse(BrokerUnderTest.isKafka(), "KAFKA-15591, open in the release we compare with");
        String topic = Cluster.topic("sequence", 1);
        assertThat(Errors.forCode(Requests.produce(client, topic, 0, MemoryRecords.withIdempotentRecords(Compression.NONE, producerId(), (short) 0, 5,
            new SimpleRecord(new byte[1]))).errorCode())).isEqualTo(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER);
        assertThat(Requests.listOffsets(client, 7, topic, 0, -1).offset()).isZero();
    }

    private long producerId() {
        return Requests.producerId(client);
    }

    @Test
    void aRepeatedBatchIsAcknowledgedWithTheOriginalOffsetAndAGapIsRefused() {
        String topic = Cluster.topic("duplicates", 1);
        Requests.produce(client, topic, 0, Requests.records("before"));
        long id = producerId();
        for (int sequence = 0; sequence < 5; sequence++) assertThat(send(topic, id, sequence).baseOffset()).isEqualTo(1 + sequence);
        for (int sequence = 0; sequence < 5; sequence++) {
            PartitionProduceResponse again = send(topic, id, sequence);
            assertThat(again.errorCode()).isZero();
            assertThat(again.baseOffset()).as("of the original").isEqualTo(1 + sequence);
        }
        assertThat(Errors.forCode(send(topic, id, 7).errorCode())).isEqualTo(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER);
        assertThat(Requests.listOffsets(client, 7, topic, 0, -1).offset()).isEqualTo(6);
    }

    private PartitionProduceResponse send(String topic, long producerId, int sequence) {
        return Requests.produce(client, topic, 0, MemoryRecords.withIdempotentRecords(Compression.NONE, producerId, (short) 0, sequence,
            new SimpleRecord(1L, new byte[] {(byte) sequence})));
    }

    @Test
    void twoProducersNeverGetTheSameId() {
        assertThat(java.util.stream.Stream.generate(this::producerId).limit(50).distinct()).hasSize(50);
    }

    @Test
    void committedOffsetsKeepMetadataAndLeaderEpoch() {
        String topic = Cluster.topic("commit", 1);
        String group = Cluster.name("metadata");
        TopicPartition partition = new TopicPartition(topic, 0);
        OffsetAndMetadata offset = new OffsetAndMetadata(7, Optional.of(0), "a note of the application");
        Cluster.get(Cluster.admin().alterConsumerGroupOffsets(group, Map.of(partition, offset)).all());
        assertThat(Cluster.committed(group)).isEqualTo(Map.of(partition, offset));
    }

    @Test
    void zstdIsRefusedToVersionsThatDoNotKnowIt() {
        String topic = Cluster.topic("zstd", 1);
        MemoryRecords zstd = MemoryRecords.withRecords(Compression.zstd().build(), new SimpleRecord(new byte[100]));
        PartitionProduceResponse old = Requests.partition(client.send(Requests.produce(topic, 0, zstd), 3));
        assertThat(Errors.forCode(old.errorCode())).isEqualTo(Errors.UNSUPPORTED_COMPRESSION_TYPE);
        assertThat(Requests.partition(client.send(Requests.produce(topic, 0, zstd), 7)).errorCode()).isZero();
    }

    @Test
    void logAppendTimeIsToldToTheProducerAndStored() {
        String topic = Cluster.topic("append-time", 1, Map.of("message.timestamp.type", "LogAppendTime"));
        PartitionProduceResponse answer = Requests.produce(client, topic, 0,
            MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(BASE, new byte[1])));
        assertThat(answer.logAppendTimeMs()).isGreaterThan(BASE + 3_000_000);
        assertThat(Cluster.readAll(topic)).singleElement()
            .satisfies(record -> assertThat(record.timestamp()).isEqualTo(answer.logAppendTimeMs()));
    }
}
