package org.milena.tests.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.Cluster;

/**
 * Strings that nobody sends: empty, with NUL, as long as the wire can carry, no UTF-8. What Apache Kafka 4.3.1 answers is written here;
 * {@code -Dmilena.bootstrap=kafka} asks it again.
 */
@ExtendWith(BrokerUnderTest.class)
class AbsurdStringsTest {
    /** By name; the last is replaced on the wire by bytes that are no UTF-8. */
    private static final String EMPTY = "", NUL = "a\0b", LONGEST = "x".repeat(32_767), BROKEN = "?".repeat(11);
    private static final List<String> NAMES = List.of("empty", "NUL", "longest", "broken");
    private static final List<String> ABSURD = List.of(EMPTY, NUL, LONGEST, BROKEN);
    private RawClient bystander;

    @BeforeEach
    void connect() {
        bystander = new RawClient(BrokerUnderTest.bootstrap());
        Requests.awaitCoordinator(bystander, "absurd");
    }

    @AfterEach
    void theOthersNoticeNothing() {
        assertThat(bystander.answers()).isTrue();
        bystander.close();
    }

    private interface WithString {
        ApiMessage request(String absurd);
    }

    private interface Answer {
        short errorCode(ApiMessage answer);
    }

    /** What each of the strings gets in this place of a request: an error's name, or "closed". */
    private static Map<String, String> answers(int version, WithString requests, Answer error) {
        Map<String, String> answers = new TreeMap<>();
        for (int i = 0; i < ABSURD.size(); i++) {
            ApiMessage request = requests.request(ABSURD.get(i));
            try (RawClient own = new RawClient(BrokerUnderTest.bootstrap())) {
                own.write(broken(RawClient.frame(request, version, 1)));
                Optional<ByteBuffer> frame = own.readFrame();
                answers.put(NAMES.get(i), frame.map(f -> Errors.forCode(error.errorCode(RawClient.decode(request, version, 1, f))).name()).orElse("closed"));
            }
        }
        return answers;
    }

    /** Puts bytes that no UTF-8 has where the placeholder stands. */
    private static byte[] broken(byte[] frame) {
        byte[] mark = BROKEN.getBytes(StandardCharsets.US_ASCII);
        for (int at = 0; at + mark.length <= frame.length; at++) {
            if (Arrays.equals(frame, at, at + mark.length, mark, 0, mark.length)) {
                Arrays.fill(frame, at, at + mark.length, (byte) 0xFF);
            }
        }
        return frame;
    }

    private static Map<String, String> expect(String empty, String nul, String longest, String broken) {
        return new TreeMap<>(Map.of("empty", empty, "NUL", nul, "longest", longest, "broken", broken));
    }

    @Test
    void aClientId() {
        for (byte[] id : List.of(new byte[0], NUL.getBytes(StandardCharsets.US_ASCII), LONGEST.getBytes(StandardCharsets.US_ASCII), new byte[] {-1, -2, (byte) 0xC0})) {
            try (RawClient own = new RawClient(BrokerUnderTest.bootstrap())) {
                ByteBuffer frame = ByteBuffer.allocate(4 + 10 + id.length);
                frame.putInt(10 + id.length).putShort((short) 18).putShort((short) 0).putInt(7).putShort((short) id.length).put(id);
                own.write(frame.array());
                own.read(new ApiVersionsRequestData(), 0, 7);
                assertThat(own.answers()).isTrue();
            }
        }
    }

    @Test
    void aGroupId() {
        assertThat(answers(9, group -> Requests.join(group, ""), a -> ((JoinGroupResponseData) a).errorCode())).as("JoinGroup")
            .isEqualTo(expect("INVALID_GROUP_ID", "MEMBER_ID_REQUIRED", "MEMBER_ID_REQUIRED", "MEMBER_ID_REQUIRED"));
    }

    @Test
    void aGroupIdOfACommit() {
        String topic = Cluster.topic("absurd", 1);
        assertThat(answers(8, group -> commit(group, topic), a -> ((OffsetCommitResponseData) a).topics().get(0).partitions().get(0).errorCode()))
            .isEqualTo(expect("NONE", "NONE", "NONE", "NONE"));
    }

    private static OffsetCommitRequestData commit(String group, String topic) {
        return new OffsetCommitRequestData().setGroupId(group).setGenerationIdOrMemberEpoch(-1).setTopics(List.of(
            new OffsetCommitRequestData.OffsetCommitRequestTopic().setName(topic).setPartitions(List.of(
                new OffsetCommitRequestData.OffsetCommitRequestPartition().setPartitionIndex(0).setCommittedOffset(0)))));
    }

    @Test
    void aMemberId() {
        String group = Cluster.name("absurd");
        assertThat(answers(4, member -> new HeartbeatRequestData().setGroupId(group).setMemberId(member).setGenerationId(1),
            a -> ((HeartbeatResponseData) a).errorCode())).isEqualTo(expect("UNKNOWN_MEMBER_ID", "UNKNOWN_MEMBER_ID", "UNKNOWN_MEMBER_ID", "UNKNOWN_MEMBER_ID"));
    }

    @Test
    void aConsumersMemberId() {
        assertThat(answers(1, member -> consumer(Cluster.name("absurd"), member), a -> ((ConsumerGroupHeartbeatResponseData) a).errorCode()))
            .as("ConsumerGroupHeartbeat").isEqualTo(expect("INVALID_REQUEST", "NONE", "NONE", "NONE"));
    }

    @Test
    void aGroupInstanceId() {
        assertThat(answers(9, instance -> Requests.join(Cluster.name("absurd"), "").setGroupInstanceId(instance),
            a -> ((JoinGroupResponseData) a).errorCode())).as("JoinGroup").isEqualTo(expect("NONE", "NONE", "UNKNOWN_SERVER_ERROR", "NONE"));
    }

    @Test
    void aConsumersGroupInstanceId() {
        assertThat(answers(1, instance -> consumer(Cluster.name("absurd"), "m").setInstanceId(instance),
            a -> ((ConsumerGroupHeartbeatResponseData) a).errorCode())).as("ConsumerGroupHeartbeat").isEqualTo(expect("INVALID_REQUEST", "NONE", "NONE", "NONE"));
    }

    @Test
    void aTransactionalId() {
        awaitTransactions();
        assertThat(answers(4, id -> new InitProducerIdRequestData().setTransactionalId(id).setTransactionTimeoutMs(10_000),
            a -> ((InitProducerIdResponseData) a).errorCode())).isEqualTo(expect("INVALID_REQUEST", "NONE", "NONE", "NONE"));
    }

    /** Until every coordinator serves: the first request of a new cluster creates their topic. */
    private void awaitTransactions() {
        long deadline = System.nanoTime() + 60_000_000_000L;
        List<String> ids = List.of(NUL, LONGEST, "\uFFFD".repeat(11));
        while (!ids.stream().allMatch(this::hasCoordinator)) assertThat(System.nanoTime()).as("no coordinator").isLessThan(deadline);
    }

    private boolean hasCoordinator(String id) {
        FindCoordinatorResponseData found = bystander.send(new FindCoordinatorRequestData().setKeyType((byte) 1).setKey(id), 3);
        InitProducerIdResponseData answer = bystander.send(new InitProducerIdRequestData().setTransactionalId(id).setTransactionTimeoutMs(10_000), 4);
        return found.errorCode() == 0 && answer.errorCode() == 0;
    }

    @Test
    void aRegularExpression() {
        assertThat(answers(1, AbsurdStringsTest::subscribed, a -> ((ConsumerGroupHeartbeatResponseData) a).errorCode())).isEqualTo(expect("NONE", "NONE", "NONE", "NONE"));
    }

    @Test
    void aRegularExpressionThatIsNone() {
        for (String wrong : List.of("[", "(a", "a{2,1}", "\\")) {
            ConsumerGroupHeartbeatResponseData answer = bystander.send(subscribed(wrong), 1);
            assertThat(Errors.forCode(answer.errorCode())).as(wrong).isEqualTo(Errors.INVALID_REGULAR_EXPRESSION);
        }
    }

    private static ConsumerGroupHeartbeatRequestData subscribed(String regex) {
        return consumer(Cluster.name("absurd"), "m").setSubscribedTopicNames(List.of()).setSubscribedTopicRegex(regex);
    }

    @Test
    void aConfigValue() {
        String topic = Cluster.topic("absurd", 1);
        assertThat(answers(1, value -> alter(topic, "retention.ms", value),
            a -> ((IncrementalAlterConfigsResponseData) a).responses().get(0).errorCode())).isEqualTo(expect("INVALID_CONFIG", "INVALID_CONFIG", "UNKNOWN_SERVER_ERROR", "INVALID_CONFIG"));
    }

    @Test
    void aConfigKey() {
        String topic = Cluster.topic("absurd", 1);
        assertThat(answers(1, name -> alter(topic, name, "1"),
            a -> ((IncrementalAlterConfigsResponseData) a).responses().get(0).errorCode())).as("a key").isEqualTo(expect("INVALID_CONFIG", "INVALID_CONFIG", "UNKNOWN_SERVER_ERROR", "INVALID_CONFIG"));
    }

    private static IncrementalAlterConfigsRequestData alter(String topic, String key, String value) {
        IncrementalAlterConfigsRequestData.AlterableConfigCollection configs = new IncrementalAlterConfigsRequestData.AlterableConfigCollection();
        configs.add(new IncrementalAlterConfigsRequestData.AlterableConfig().setName(key).setValue(value).setConfigOperation((byte) 0));
        IncrementalAlterConfigsRequestData.AlterConfigsResourceCollection resources = new IncrementalAlterConfigsRequestData.AlterConfigsResourceCollection();
        resources.add(new IncrementalAlterConfigsRequestData.AlterConfigsResource().setResourceType((byte) 2).setResourceName(topic).setConfigs(configs));
        return new IncrementalAlterConfigsRequestData().setResources(resources).setValidateOnly(true);
    }

    private static ConsumerGroupHeartbeatRequestData consumer(String group, String member) {
        return new ConsumerGroupHeartbeatRequestData().setGroupId(group).setMemberId(member)
            .setRebalanceTimeoutMs(1000).setTopicPartitions(List.of()).setSubscribedTopicNames(List.of("absurd"));
    }
}
