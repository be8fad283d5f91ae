package org.milena.tests.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.Cluster;

/** What no well-behaved client sends: each gets what Kafka answers, and a client beside it never notices. */
@ExtendWith(BrokerUnderTest.class)
class BadInputTest {
    /** Places in a record batch of magic 2. */
    private static final int LENGTH = 8, MAGIC = 16, CRC = 17, ATTRIBUTES = 21, LAST_OFFSET_DELTA = 23, COUNT = 57;
    private RawClient bystander;
    private RawClient client;

    @BeforeEach
    void connect() {
        bystander = new RawClient(BrokerUnderTest.bootstrap());
        assertThat(bystander.answers()).isTrue();
        client = new RawClient(BrokerUnderTest.bootstrap());
    }

    @AfterEach
    void theOthersNoticeNothing() {
        assertThat(bystander.answers()).isTrue();
        bystander.close();
        client.close();
    }

    private void assertClosed() {
        assertThat(client.readFrame()).as("the connection is closed without an answer").isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 104_857_601})
    void aLengthThatCannotBeClosesTheConnection(int length) {
        client.write(ByteBuffer.allocate(4).putInt(length).array());
        assertClosed();
    }

    @Test
    void garbageClosesTheConnection() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("garbage: -Dseed=" + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 20; i++) {
            byte[] garbage = new byte[4 + 60];
            random.nextBytes(garbage);
            // A length that fits, then a key that no release has.
            ByteBuffer.wrap(garbage).putInt(0, 60).putShort(4, (short) (2000 + random.nextInt(20000)));
            try (RawClient other = new RawClient(BrokerUnderTest.bootstrap())) {
                other.write(garbage);
                assertThat(other.readFrame()).as("-Dseed=" + seed).isEmpty();
            }
        }
    }

    @Test
    void anHttpRequestClosesTheConnection() {
        client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes());
        assertClosed();
    }

    @Test
    void anEmptyFrameClosesTheConnection() {
        client.write(new byte[4]);
        assertClosed();
    }

    @Test
    void halfARequestIsWaitedForAndItsEndAnswered() {
        byte[] frame = RawClient.frame(new MetadataRequestData().setTopics(List.of()), 9, 5);
        for (byte b : frame) client.write(new byte[] {b});
        assertThat(client.readFrame()).isPresent();
        client.write(java.util.Arrays.copyOf(frame, frame.length / 2));
        client.finishWriting();
        assertClosed();
    }

    @Test
    void aTruncatedBodyClosesTheConnection() {
        byte[] frame = RawClient.frame(new MetadataRequestData().setTopics(List.of(new MetadataRequestData.MetadataRequestTopic().setName("topic"))), 5, 1);
        byte[] cut = java.util.Arrays.copyOf(frame, frame.length - 4);
        ByteBuffer.wrap(cut).putInt(0, cut.length - 4);
        client.write(cut);
        assertClosed();
    }

    @Test
    void unknownApiVersionsVersionIsAnsweredInVersion0AndTheConnectionKept() {
        ByteBuffer frame = ByteBuffer.wrap(RawClient.frame(new ApiVersionsRequestData().setClientSoftwareName("x").setClientSoftwareVersion("1"), 3, 9));
        frame.putShort(6, (short) 99);
        client.write(frame.array());
        ByteBuffer answer = client.readFrame().orElseThrow();
        assertThat(answer.getInt()).isEqualTo(9);
        ApiVersionsResponseData versions = new ApiVersionsResponseData(new ByteBufferAccessor(answer), (short) 0);
        assertThat(Errors.forCode(versions.errorCode())).isEqualTo(Errors.UNSUPPORTED_VERSION);
        assertThat(versions.apiKeys().find(ApiKeys.API_VERSIONS.id).maxVersion()).isGreaterThanOrEqualTo((short) 4);
        assertThat(answer.hasRemaining()).isFalse();
        assertThat(client.answers()).isTrue();
    }

    @Test
    void aClientSoftwareNameThatCannotBeIsRefused() {
        ApiVersionsResponseData answer = client.send(new ApiVersionsRequestData().setClientSoftwareName("@evil name@").setClientSoftwareVersion("1"), 3);
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(client.answers()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(shorts = {0, 1, 2, 3, 10, 19})
    void anyOtherUnknownVersionClosesTheConnection(short key) {
        ByteBuffer frame = ByteBuffer.wrap(RawClient.frame(new MetadataRequestData().setTopics(List.of()), 9, 5));
        frame.putShort(4, key).putShort(6, (short) 99);
        client.write(frame.array());
        assertClosed();
    }

    @Test
    void aRequestThatOnlyABrokerSendsToAnotherClosesOrRefuses() {
        ByteBuffer frame = ByteBuffer.wrap(RawClient.frame(new MetadataRequestData().setTopics(List.of()), 9, 5));
        frame.putShort(4, (short) 4).putShort(6, (short) 0); // LeaderAndIsr, gone in Kafka 4
        client.write(frame.array());
        assertClosed();
    }

    @Test
    void anArrayThatClaimsBillionsOfElementsClosesTheConnectionWithoutTakingMemory() {
        ByteBuffer frame = ByteBuffer.allocate(64);
        frame.putInt(0).putShort(ApiKeys.METADATA.id).putShort((short) 1).putInt(1).putShort((short) 1).put((byte) 'c');
        frame.putInt(Integer.MAX_VALUE);
        int size = frame.position();
        frame.putInt(0, size - 4);
        client.write(java.util.Arrays.copyOf(frame.array(), size));
        assertClosed();
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrderEvenIfOneWaits() {
        String topic = Cluster.topic("pipeline", 1);
        List<ApiMessage> requests = new ArrayList<>();
        requests.add(new MetadataRequestData().setTopics(List.of()));
        requests.add(new FetchRequestData().setMaxWaitMs(500).setMinBytes(1).setMaxBytes(1000).setSessionEpoch(-1).setTopics(List.of(
            new FetchRequestData.FetchTopic().setTopic(topic).setPartitions(List.of(
                new FetchRequestData.FetchPartition().setPartition(0).setPartitionMaxBytes(1000))))));
        for (int i = 0; i < 20; i++) requests.add(new ListOffsetsRequestData().setReplicaId(-1));
        int[] versions = {9, 12};
        long begin = System.nanoTime();
        for (int i = 0; i < requests.size(); i++) client.write(RawClient.frame(requests.get(i), i < 2 ? versions[i] : 7, 100 + i));
        for (int i = 0; i < requests.size(); i++) client.read(requests.get(i), i < 2 ? versions[i] : 7, 100 + i);
        assertThat(System.nanoTime() - begin).as("the fetch really waited").isGreaterThan(400_000_000L);
    }

    @Test
    void aFetchThatWaitsIsWokenByRecords() {
        String topic = Cluster.topic("wake", 1);
        FetchRequestData fetch = new FetchRequestData().setMaxWaitMs(15_000).setMinBytes(1).setMaxBytes(1000).setSessionEpoch(-1).setTopics(List.of(
            new FetchRequestData.FetchTopic().setTopic(topic).setPartitions(List.of(
                new FetchRequestData.FetchPartition().setPartition(0).setPartitionMaxBytes(1000)))));
        client.write(RawClient.frame(fetch, 12, 3));
        long begin = System.nanoTime();
        Requests.produce(bystander, topic, 0, Requests.records("wake up"));
        FetchResponseData answer = (FetchResponseData) client.read(fetch, 12, 3);
        assertThat(((MemoryRecords) answer.responses().get(0).partitions().get(0).records()).records()).hasSize(1);
        assertThat(System.nanoTime() - begin).isLessThan(10_000_000_000L);
    }

    /** The bystander's round trips are the clock: what the other has written stands still for many of them. */
    @Test
    void aClientThatNeverReadsIsSlowedAndTheOthersGoOn() throws InterruptedException {
        byte[] askForAll = RawClient.frame(new MetadataRequestData().setTopics(null), 9, 1);
        AtomicLong asked = new AtomicLong();
        Thread greedy = new Thread(() -> {
            try {
                while (true) {
                    client.write(askForAll);
                    asked.incrementAndGet();
                }
            } catch (AssertionError closedUnderIt) {
                // by us, below
            }
        }, "never-reads");
        greedy.start();
        try {
            long deadline = System.nanoTime() + 60_000_000_000L;
            long seen = -1;
            for (int still = 0; still < 2_000; ) {
                assertThat(bystander.answers()).isTrue();
                long now = asked.get();
                still = now > 0 && now == seen ? still + 1 : 0;
                seen = now;
                assertThat(System.nanoTime()).as("it still takes requests whose answers nobody reads: " + now).isLessThan(deadline);
            }
            assertThat(greedy.isAlive()).as("it is slowed, not closed").isTrue();
        } finally {
            client.close();
            greedy.join();
        }
    }

    @Test
    void acks0IsNotAnswered() {
        String topic = Cluster.topic("acks0", 1);
        client.write(RawClient.frame(Requests.produce(topic, 0, Requests.records("a")).setAcks((short) 0), 9, 1));
        client.write(RawClient.frame(new ListOffsetsRequestData().setReplicaId(-1), 7, 2));
        client.read(new ListOffsetsRequestData(), 7, 2);
        assertThat(Cluster.readAll(topic)).hasSize(1);
    }

    @Test
    void acksThatCannotBeAreRefused() {
        String topic = Cluster.topic("acks", 1);
        ProduceResponseData answer = client.send(Requests.produce(topic, 0, Requests.records("a")).setAcks((short) 2), 9);
        assertThat(Errors.forCode(Requests.partition(answer).errorCode())).isEqualTo(Errors.INVALID_REQUIRED_ACKS);
        assertThat(Requests.listOffsets(client, 7, topic, 0, -1).offset()).isZero();
    }

    /** Produces a batch of three records with one thing changed; the CRC is right unless the change says otherwise. */
    private PartitionProduceResponse produceChanged(String topic, java.util.function.Consumer<ByteBuffer> change, boolean rightCrc) {
        ByteBuffer batch = Requests.records("a", "b", "c").buffer();
        change.accept(batch);
        if (rightCrc) {
            CRC32C crc = new CRC32C();
            crc.update(batch.duplicate().position(ATTRIBUTES));
            batch.putInt(CRC, (int) crc.getValue());
        }
        return Requests.produce(client, topic, 0, MemoryRecords.readableRecords(batch));
    }

    @Test
    void aCorruptCrcIsRefused() {
        String topic = Cluster.topic("crc", 1);
        PartitionProduceResponse answer = produceChanged(topic, batch -> batch.put(batch.limit() - 2, (byte) 0x55), false);
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.CORRUPT_MESSAGE);
        assertThat(Requests.listOffsets(client, 7, topic, 0, -1).offset()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4, -1, Integer.MAX_VALUE})
    void aLyingCountIsRefused(int count) {
        String topic = Cluster.topic("counts", 1);
        PartitionProduceResponse answer = produceChanged(topic, batch -> batch.putInt(COUNT, count), true);
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.INVALID_RECORD);
        assertNothingWritten(topic);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, -1, Integer.MAX_VALUE})
    void aLyingLastOffsetIsRefused(int delta) {
        String topic = Cluster.topic("deltas", 1);
        PartitionProduceResponse answer = produceChanged(topic, batch -> batch.putInt(LAST_OFFSET_DELTA, delta), true);
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.INVALID_RECORD);
        assertNothingWritten(topic);
    }

    /** What a Produce of these bytes gets on a connection of its own: an error's name, or that the connection is closed. */
    private static String answerToProduce(String topic, int version, ByteBuffer records) {
        ApiMessage request = Requests.produce(topic, 0, MemoryRecords.readableRecords(records));
        try (RawClient own = new RawClient(BrokerUnderTest.bootstrap())) {
            own.write(RawClient.frame(request, version, 1));
            return own.readFrame().map(frame -> (ProduceResponseData) RawClient.decode(request, version, 1, frame))
                .map(answer -> Errors.forCode(Requests.partition(answer).errorCode()).name()).orElse("closed");
        }
    }

    private void assertNothingWritten(String topic) {
        assertThat(Requests.listOffsets(bystander, 7, topic, 0, -1).offset()).as("the end of the log").isZero();
    }

    @ParameterizedTest
    @CsvSource({"-2147483648, CORRUPT_MESSAGE", "-5, CORRUPT_MESSAGE", "0, CORRUPT_MESSAGE", "10, CORRUPT_MESSAGE", "48, CORRUPT_MESSAGE",
        "70, CORRUPT_MESSAGE", "1000000, INVALID_RECORD"})
    void aBatchLengthThatIsNotItsBytesIsRefused(int length, String answer) {
        String topic = Cluster.topic("length", 1);
        assertThat(answerToProduce(topic, 9, Requests.records("a", "b", "c").buffer().putInt(LENGTH, length))).isEqualTo(answer);
        assertNothingWritten(topic);
    }

    /** Kafka adds up beyond the largest int, and fails with UNKNOWN_SERVER_ERROR; anything but silence will do. */
    @Test
    void theLargestBatchLengthIsRefused() {
        String topic = Cluster.topic("length", 1);
        assertThat(answerToProduce(topic, 9, Requests.records("a", "b", "c").buffer().putInt(LENGTH, Integer.MAX_VALUE)))
            .isIn("INVALID_RECORD", "CORRUPT_MESSAGE", "UNKNOWN_SERVER_ERROR");
        assertNothingWritten(topic);
    }

    @Test
    void controlBatchesAndTransactionalOnesWithoutProducerAreRefused() {
        String topic = Cluster.topic("control", 1);
        PartitionProduceResponse control = produceChanged(topic, batch -> batch.putShort(ATTRIBUTES, (short) 0x20), true);
        assertThat(Errors.forCode(control.errorCode())).isEqualTo(Errors.INVALID_RECORD);
        assertThat(Requests.listOffsets(client, 7, topic, 0, -1).offset()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"0, INVALID_RECORD", "1, INVALID_RECORD"})
    void oldMagicIsRefusedToNewVersions(byte magic, String answer) {
        String topic = Cluster.topic("magic", 1);
        ByteBuffer old = MemoryRecords.withRecords(magic, Compression.NONE, new SimpleRecord(1L, "k".getBytes(), "v".getBytes())).buffer();
        assertThat(answerToProduce(topic, 9, old)).isEqualTo(answer);
        assertNothingWritten(topic);
    }

    @ParameterizedTest
    @CsvSource({"3, CORRUPT_MESSAGE", "9, CORRUPT_MESSAGE", "-1, CORRUPT_MESSAGE"})
    void aMagicNobodyKnowsIsRefused(byte magic, String answer) {
        String topic = Cluster.topic("magic9", 1);
        assertThat(answerToProduce(topic, 9, Requests.records("a").buffer().put(MAGIC, magic))).isEqualTo(answer);
        assertNothingWritten(topic);
    }

    @Test
    void twoBatchesForOnePartitionAreRefused() {
        String topic = Cluster.topic("two", 1);
        ByteBuffer one = Requests.records("a").buffer();
        ByteBuffer both = ByteBuffer.allocate(one.limit() * 2).put(one.duplicate()).put(one.duplicate()).flip();
        assertThat(answerToProduce(topic, 9, both)).isEqualTo("INVALID_RECORD");
        assertNothingWritten(topic);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a/b", "sp ace", "nul\0", "ümlaut", "../../etc/passwd"})
    void absurdTopicNamesAreRefused(String name) {
        assertThat(create(name)).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
    }

    @Test
    void tooLongATopicNameIsRefusedAndTheLongestIsNot() {
        assertThat(create("x".repeat(250))).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
        assertThat(create("x".repeat(32_000))).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
        assertThat(create(Cluster.name("x".repeat(249 - 9)))).isEqualTo(Errors.NONE);
    }

    private Errors create(String name) {
        CreateTopicsRequestData.CreatableTopicCollection topics = new CreateTopicsRequestData.CreatableTopicCollection();
        topics.add(new CreateTopicsRequestData.CreatableTopic().setName(name).setNumPartitions(1).setReplicationFactor((short) 1));
        CreateTopicsResponseData answer = client.send(new CreateTopicsRequestData().setTopics(topics).setTimeoutMs(10_000), 7);
        return Errors.forCode(answer.topics().find(name).errorCode());
    }

    @Test
    void aTopicNameThatCollidesWithAnotherInMetricsIsRefused() {
        String name = Cluster.name("dot").replace('-', '.');
        assertThat(create(name)).isEqualTo(Errors.NONE);
        assertThat(create(name.replace('.', '_'))).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
    }
}
