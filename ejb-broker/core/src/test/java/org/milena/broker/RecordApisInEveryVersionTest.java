package org.milena.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Records;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.milena.broker.network.WireClient;
import org.milena.broker.testing.EmbeddedBroker;

/** Each API that touches records answers in every version it is advertised in, for what works and for what does not. */
class RecordApisInEveryVersionTest {

    @TempDir
    static Path dir;
    private static EmbeddedBroker broker;
    private static Uuid topicId;

    @BeforeAll
    static void start() throws Exception {
        broker = EmbeddedBroker.start(dir);
        try (WireClient client = new WireClient(broker.port())) {
            MetadataRequestData request = new MetadataRequestData().setAllowAutoTopicCreation(true)
                    .setTopics(List.of(new MetadataRequestData.MetadataRequestTopic().setName("t")));
            MetadataResponseData answer;
            do {
                answer = (MetadataResponseData) client.call(ApiKeys.METADATA, 12, request);
            } while (answer.topics().iterator().next().errorCode() != 0);
            topicId = answer.topics().iterator().next().topicId();
            produce(client, 9, "first");
        }
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private static Stream<Integer> versions(ApiKeys key, int min) {
        return IntStream.rangeClosed(min, key.latestVersion(false)).boxed();
    }

    static Stream<Integer> produce() {
        return versions(ApiKeys.PRODUCE, 3);
    }

    static Stream<Integer> fetch() {
        return versions(ApiKeys.FETCH, 4);
    }

    static Stream<Integer> listOffsets() {
        return versions(ApiKeys.LIST_OFFSETS, 1);
    }

    static Stream<Integer> offsetForLeaderEpoch() {
        return versions(ApiKeys.OFFSET_FOR_LEADER_EPOCH, 2);
    }

    static Stream<Integer> initProducerId() {
        return versions(ApiKeys.INIT_PRODUCER_ID, 0);
    }

    private static ProduceResponseData produce(WireClient client, int version, String value) throws Exception {
        ProduceRequestData request = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(10_000);
        for (int index : new int[] {0, 77}) {
            MemoryRecords records = MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(System.currentTimeMillis(), value.getBytes()));
            ProduceRequestData.TopicProduceData topic = new ProduceRequestData.TopicProduceData();
            if (version >= 13) {
                topic.setTopicId(topicId);
            } else {
                topic.setName("t");
            }
            // one entry a topic and partition: the collection is keyed by topic
            ProduceRequestData.TopicProduceData known = request.topicData().find(topic.name(), topic.topicId());
            if (known == null) {
                request.topicData().add(topic);
                known = topic;
            }
            known.partitionData().add(new ProduceRequestData.PartitionProduceData().setIndex(index).setRecords(records));
        }
        return (ProduceResponseData) client.call(ApiKeys.PRODUCE, version, request);
    }

    @ParameterizedTest
    @MethodSource("produce")
    void produce(int version) throws Exception {
        try (WireClient client = new WireClient(broker.port())) {
            var partitions = produce(client, version, "v" + version).responses().iterator().next().partitionResponses();
            assertThat(partitions.get(0).errorCode()).isZero();
            assertThat(partitions.get(0).baseOffset()).isPositive();
            assertThat(partitions.get(1).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        }
    }

    @ParameterizedTest
    @MethodSource("fetch")
    void fetch(int version) throws Exception {
        try (WireClient client = new WireClient(broker.port())) {
            List<FetchRequestData.FetchPartition> wanted = new ArrayList<>();
            for (long offset : new long[] {0, 1_000_000}) {
                wanted.add(new FetchRequestData.FetchPartition().setPartition(offset == 0 ? 0 : 5).setFetchOffset(offset).setPartitionMaxBytes(1000));
            }
            FetchRequestData.FetchTopic topic = new FetchRequestData.FetchTopic().setPartitions(wanted);
            if (version >= 13) {
                topic.setTopicId(topicId);
            } else {
                topic.setTopic("t");
            }
            FetchRequestData request = new FetchRequestData().setMaxWaitMs(100).setMinBytes(1).setMaxBytes(1 << 20).setTopics(List.of(topic));
            FetchResponseData answer = (FetchResponseData) client.call(ApiKeys.FETCH, version, request);
            var partitions = answer.responses().get(0).partitions();
            ByteBuffer value = ((Records) partitions.get(0).records()).records().iterator().next().value();
            assertThat(new String(new byte[] {value.get(), value.get(), value.get(), value.get(), value.get()})).isEqualTo("first");
            assertThat(partitions.get(1).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        }
    }

    @ParameterizedTest
    @MethodSource("listOffsets")
    void listOffsets(int version) throws Exception {
        try (WireClient client = new WireClient(broker.port())) {
            for (long timestamp : new long[] {-1, -2, 0, Long.MAX_VALUE}) {
                ListOffsetsRequestData request = new ListOffsetsRequestData().setReplicaId(-1);
                request.topics().add(new ListOffsetsRequestData.ListOffsetsTopic().setName("t").setPartitions(List.of(
                        new ListOffsetsRequestData.ListOffsetsPartition().setTimestamp(timestamp),
                        new ListOffsetsRequestData.ListOffsetsPartition().setPartitionIndex(9).setTimestamp(timestamp))));
                var partitions = ((ListOffsetsResponseData) client.call(ApiKeys.LIST_OFFSETS, version, request)).topics().get(0).partitions();
                assertThat(partitions.get(0).errorCode()).isZero();
                assertThat(partitions.get(0).offset()).satisfies(offset -> {
                    switch ((int) timestamp) {
                        case -2, 0 -> assertThat(offset).isZero();
                        default -> assertThat(offset).isNotZero();
                    }
                });
                assertThat(partitions.get(1).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("listOffsets")
    void listOffsetsKnowsASpecialTimeFromItsVersionOn(int version) throws Exception {
        try (WireClient client = new WireClient(broker.port())) {
            Map<Long, Integer> since = Map.of(-3L, 7, -4L, 8, -5L, 9, -6L, 11, -7L, Integer.MAX_VALUE);
            for (long timestamp : since.keySet()) {
                ListOffsetsRequestData request = new ListOffsetsRequestData().setReplicaId(-1);
                request.topics().add(new ListOffsetsRequestData.ListOffsetsTopic().setName("t").setPartitions(List.of(
                        new ListOffsetsRequestData.ListOffsetsPartition().setTimestamp(timestamp))));
                ListOffsetsResponseData answer = (ListOffsetsResponseData) client.call(ApiKeys.LIST_OFFSETS, version, request);
                assertThat(Errors.forCode(answer.topics().get(0).partitions().get(0).errorCode())).as("timestamp %d", timestamp)
                        .isEqualTo(version < since.get(timestamp) ? Errors.UNSUPPORTED_VERSION : Errors.NONE);
            }
        }
    }

    @Test
    void aTopicIdOfZeroIsUnknownToThoseWhoSpeakIds() throws Exception {
        try (WireClient client = new WireClient(broker.port())) {
            FetchRequestData request = new FetchRequestData().setMaxWaitMs(100).setMinBytes(1).setMaxBytes(1 << 20).setTopics(List.of(
                    new FetchRequestData.FetchTopic().setPartitions(List.of(new FetchRequestData.FetchPartition()))));
            FetchResponseData answer = (FetchResponseData) client.call(ApiKeys.FETCH, 13, request);
            assertThat(Errors.forCode(answer.responses().get(0).partitions().get(0).errorCode())).isEqualTo(Errors.UNKNOWN_TOPIC_ID);
        }
    }

    @ParameterizedTest
    @MethodSource("offsetForLeaderEpoch")
    void offsetForLeaderEpoch(int version) throws Exception {
        try (WireClient client = new WireClient(broker.port())) {
            OffsetForLeaderEpochRequestData request = new OffsetForLeaderEpochRequestData().setReplicaId(-1);
            request.topics().add(new OffsetForLeaderEpochRequestData.OffsetForLeaderTopic().setTopic("t").setPartitions(List.of(
                    new OffsetForLeaderEpochRequestData.OffsetForLeaderPartition().setLeaderEpoch(0))));
            var answer = (OffsetForLeaderEpochResponseData) client.call(ApiKeys.OFFSET_FOR_LEADER_EPOCH, version, request);
            assertThat(answer.topics().iterator().next().partitions().get(0).endOffset()).isPositive();
        }
    }

    @ParameterizedTest
    @MethodSource("initProducerId")
    void initProducerId(int version) throws Exception {
        try (WireClient client = new WireClient(broker.port())) {
            var first = (InitProducerIdResponseData) client.call(ApiKeys.INIT_PRODUCER_ID, version, new InitProducerIdRequestData().setTransactionalId(null));
            var second = (InitProducerIdResponseData) client.call(ApiKeys.INIT_PRODUCER_ID, version, new InitProducerIdRequestData().setTransactionalId(null));
            assertThat(first.errorCode()).isZero();
            assertThat(second.producerId()).isGreaterThan(first.producerId());
            var refused = (InitProducerIdResponseData) client.call(ApiKeys.INIT_PRODUCER_ID, version, new InitProducerIdRequestData().setTransactionalId("tx"));
            assertThat(refused.errorCode()).as("a transactional producer asks its coordinator").isEqualTo(Errors.INVALID_TRANSACTION_TIMEOUT.code());
        }
    }

    @Test
    void describeProducers() throws Exception {
        try (WireClient client = new WireClient(broker.port())) {
            DescribeProducersRequestData request = new DescribeProducersRequestData();
            request.topics().add(new DescribeProducersRequestData.TopicRequest().setName("t").setPartitionIndexes(List.of(0, 4)));
            var partitions = ((DescribeProducersResponseData) client.call(ApiKeys.DESCRIBE_PRODUCERS, 0, request)).topics().get(0).partitions();
            assertThat(partitions.get(0).errorCode()).isZero();
            assertThat(partitions.get(1).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        }
    }
}
