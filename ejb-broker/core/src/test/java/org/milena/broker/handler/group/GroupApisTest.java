package org.milena.broker.handler.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocolCollection;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopic;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.GroupFixture;
import org.milena.broker.group.OffsetsTopic;
import org.milena.broker.handler.ApiRegistry;

/** The handlers, in every version they claim: translations, and answers that fit the version. */
class GroupApisTest {

    private final GroupFixture f = new GroupFixture();
    private final ApiRegistry registry = new ApiRegistry();
    private int created;

    GroupApisTest() {
        FindCoordinatorHandler.Kind groups = new FindCoordinatorHandler.Kind(OffsetsTopic.NAME, f.coordinator::partitionFor, () -> {
            created++;
            addTopic(OffsetsTopic.NAME, List.of(new PartitionImage(0, 1, 0, List.of(1), List.of(1))));
            return CompletableFuture.completedFuture(null);
        });
        registry.register(ApiKeys.FIND_COORDINATOR, 0, 6, new FindCoordinatorHandler(Map.of(FindCoordinatorHandler.GROUP, groups), () -> f.image));
        GroupApis.register(registry, f.coordinator, () -> f.image, null);
    }

    /** The fixture's topics have no partitions; this one gets them. */
    private Uuid partitioned(String name, int partitions) {
        TopicImage old = f.image.topic(name);
        List<PartitionImage> all = IntStream.range(0, partitions).mapToObj(i -> new PartitionImage(i, 1, 0, List.of(1), List.of(1))).toList();
        TopicImage topic = new TopicImage(old.id(), name, false, all, Map.of(), false);
        var byName = new HashMap<>(f.image.topicsByName());
        var byId = new HashMap<>(f.image.topicsById());
        byName.put(name, topic);
        byId.put(topic.id(), topic);
        f.image = new org.milena.broker.cache.MetadataImage(2, "c", 1, f.image.brokers(), byName, byId, Map.of(), Map.of());
        return topic.id();
    }

    private void addTopic(String name, List<PartitionImage> partitions) {
        var byName = new HashMap<>(f.image.topicsByName());
        byName.put(name, new TopicImage(new Uuid(9, 9), name, true, partitions, Map.of(), false));
        f.image = new org.milena.broker.cache.MetadataImage(2, "c", 1, f.image.brokers(), byName, f.image.topicsById(), Map.of(), Map.of());
    }

    @SuppressWarnings("unchecked")
    private <T extends ApiMessage> T call(ApiKeys key, int version, ApiMessage request) {
        RecordingContext context = new RecordingContext(key, version);
        registry.get(key).handler().handle(context, request);
        f.world.run();
        if (context.reply == null && context.error == null) {
            f.world.advance(6_000);
        }
        assertThat(context.error).isNull();
        return (T) context.reply;
    }

    private static JoinGroupRequestData join(int version, String memberId) {
        JoinGroupRequestProtocolCollection protocols = new JoinGroupRequestProtocolCollection();
        protocols.add(new JoinGroupRequestProtocol().setName("p").setMetadata(new byte[] {1}));
        return new JoinGroupRequestData().setGroupId("v" + version).setMemberId(memberId).setSessionTimeoutMs(30_000)
                .setRebalanceTimeoutMs(version == 0 ? -1 : 60_000).setProtocolType("connect").setProtocols(protocols);
    }

    @Test
    void aMemberLivesInEveryVersion() {
        for (int version = 0; version <= 9; version++) {
            JoinGroupResponseData answer = call(ApiKeys.JOIN_GROUP, version, join(version, ""));
            if (version >= 4) {
                assertThat(answer.errorCode()).isEqualTo(Errors.MEMBER_ID_REQUIRED.code());
                answer = call(ApiKeys.JOIN_GROUP, version, join(version, answer.memberId()));
            }
            assertThat(answer.errorCode()).as("version %d", version).isZero();
            assertThat(answer.members()).hasSize(1);
            SyncGroupResponseData sync = call(ApiKeys.SYNC_GROUP, Math.min(version, 5), new SyncGroupRequestData().setGroupId("v" + version)
                    .setMemberId(answer.memberId()).setGenerationId(1).setProtocolType("connect").setProtocolName("p"));
            assertThat(sync.errorCode()).isZero();
            var beat = call(ApiKeys.HEARTBEAT, Math.min(version, 4), new HeartbeatRequestData().setGroupId("v" + version)
                    .setMemberId(answer.memberId()).setGenerationId(1));
            assertThat(((org.apache.kafka.common.message.HeartbeatResponseData) beat).errorCode()).isZero();
            var identity = new LeaveGroupRequestData.MemberIdentity().setMemberId(answer.memberId());
            LeaveGroupRequestData leave = new LeaveGroupRequestData().setGroupId("v" + version);
            LeaveGroupResponseData left = call(ApiKeys.LEAVE_GROUP, Math.min(version, 5),
                    version < 3 ? leave.setMemberId(answer.memberId()) : leave.setMembers(new ArrayList<>(List.of(identity))));
            assertThat(left.errorCode()).isZero();
        }
    }

    @Test
    void errorsBeforeVersion3OfLeaveStandAtTheTop() {
        LeaveGroupResponseData old = call(ApiKeys.LEAVE_GROUP, 2, new LeaveGroupRequestData().setGroupId("none").setMemberId("m"));
        assertThat(old.errorCode()).isEqualTo(Errors.UNKNOWN_MEMBER_ID.code());
    }

    @Test
    void syncFromVersion5MustNameItsProtocol() {
        SyncGroupResponseData answer = call(ApiKeys.SYNC_GROUP, 5, new SyncGroupRequestData().setGroupId("g").setMemberId("m"));
        assertThat(answer.errorCode()).isEqualTo(Errors.INCONSISTENT_GROUP_PROTOCOL.code());
    }

    private static OffsetCommitRequestTopic commit(String name, Uuid id, long offset) {
        return new OffsetCommitRequestTopic().setName(name).setTopicId(id).setPartitions(List.of(
                new OffsetCommitRequestPartition().setPartitionIndex(0).setCommittedOffset(offset).setCommittedMetadata("m")));
    }

    @Test
    void offsetsGoInAndOutInEveryVersion() {
        Uuid id = partitioned("t", 1);
        for (int version = 2; version <= 10; version++) {
            OffsetCommitResponseData answer = call(ApiKeys.OFFSET_COMMIT, version, new OffsetCommitRequestData().setGroupId("g").setTopics(List.of(
                    commit(version < 10 ? "t" : "", version < 10 ? Uuid.ZERO_UUID : id, version),
                    commit(version < 10 ? "missing" : "", version < 10 ? Uuid.ZERO_UUID : new Uuid(4, 4), 1))));
            assertThat(answer.topics()).extracting(t -> Errors.forCode(t.partitions().get(0).errorCode())).as("version %d", version)
                    .containsExactly(Errors.NONE, version < 10 ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.UNKNOWN_TOPIC_ID);
            assertThat(f.committed("t", 0)).isEqualTo(version);
        }
        for (int version = 1; version <= 7; version++) {
            OffsetFetchResponseData answer = call(ApiKeys.OFFSET_FETCH, version, new OffsetFetchRequestData().setGroupId("g")
                    .setTopics(List.of(new OffsetFetchRequestTopic().setName("t").setPartitionIndexes(List.of(0, 1)))));
            assertThat(answer.topics().get(0).partitions()).extracting(p -> p.committedOffset()).as("version %d", version).containsExactly(10L, -1L);
        }
        for (int version = 8; version <= 10; version++) {
            var topic = new OffsetFetchRequestTopics().setPartitionIndexes(List.of(0));
            OffsetFetchRequestGroup some = new OffsetFetchRequestGroup().setGroupId("g").setTopics(List.of(version < 10 ? topic.setName("t") : topic.setTopicId(id)));
            OffsetFetchRequestGroup all = new OffsetFetchRequestGroup().setGroupId("g").setTopics(null);
            OffsetFetchResponseData answer = call(ApiKeys.OFFSET_FETCH, version, new OffsetFetchRequestData().setGroups(List.of(some, all)));
            assertThat(answer.groups()).hasSize(2).allSatisfy(g -> assertThat(g.topics().get(0).partitions().get(0).committedOffset()).isEqualTo(10));
            if (version == 10) {
                assertThat(answer.groups().get(1).topics().get(0).topicId()).isEqualTo(id);
            }
        }
    }

    @Test
    void offsetsOfPartitionsThatDoNotExistAreRefusedAndTheOthersKept() {
        Uuid id = partitioned("t", 2);
        for (int version = 2; version <= 10; version++) {
            OffsetCommitRequestTopic topic = commit(version < 10 ? "t" : "", version < 10 ? Uuid.ZERO_UUID : id, version);
            topic.setPartitions(List.of(topic.partitions().get(0), topic.partitions().get(0).duplicate().setPartitionIndex(2)));
            OffsetCommitResponseData answer = call(ApiKeys.OFFSET_COMMIT, version,
                    new OffsetCommitRequestData().setGroupId("g").setTopics(List.of(topic)));
            assertThat(answer.topics()).singleElement().satisfies(t -> assertThat(t.partitions())
                    .extracting(p -> p.partitionIndex() + " " + Errors.forCode(p.errorCode()))
                    .containsExactly("0 NONE", "2 UNKNOWN_TOPIC_OR_PARTITION"));
        }
        OffsetDeleteRequestData delete = new OffsetDeleteRequestData().setGroupId("g");
        delete.topics().add(new OffsetDeleteRequestData.OffsetDeleteRequestTopic().setName("t").setPartitions(List.of(
                new OffsetDeleteRequestData.OffsetDeleteRequestPartition().setPartitionIndex(0),
                new OffsetDeleteRequestData.OffsetDeleteRequestPartition().setPartitionIndex(2))));
        OffsetDeleteResponseData deleted = call(ApiKeys.OFFSET_DELETE, 0, delete);
        assertThat(deleted.topics().find("t").partitions()).extracting(p -> p.partitionIndex() + " " + Errors.forCode(p.errorCode()))
                .containsExactly("0 NONE", "2 UNKNOWN_TOPIC_OR_PARTITION");
    }

    @Test
    void theEmptyGroupIdIsInvalidWhereKafkaSaysSo() {
        ConsumerGroupDescribeResponseData described = call(ApiKeys.CONSUMER_GROUP_DESCRIBE, 1,
                new ConsumerGroupDescribeRequestData().setGroupIds(List.of("")));
        assertThat(described.groups().get(0).errorCode()).isEqualTo(Errors.INVALID_GROUP_ID.code());
        OffsetDeleteResponseData deleted = call(ApiKeys.OFFSET_DELETE, 0, new OffsetDeleteRequestData().setGroupId(""));
        assertThat(deleted.errorCode()).isEqualTo(Errors.INVALID_GROUP_ID.code());
        DeleteGroupsResponseData gone = call(ApiKeys.DELETE_GROUPS, 2, new DeleteGroupsRequestData().setGroupsNames(List.of("")));
        assertThat(gone.results().find("").errorCode()).isEqualTo(Errors.GROUP_ID_NOT_FOUND.code());
    }

    @Test
    void anUnknownTopicIdIsAnErrorOfItsPartitions() {
        OffsetFetchResponseData answer = call(ApiKeys.OFFSET_FETCH, 10, new OffsetFetchRequestData().setGroups(List.of(new OffsetFetchRequestGroup()
                .setGroupId("g").setTopics(List.of(new OffsetFetchRequestTopics().setTopicId(new Uuid(4, 4)).setPartitionIndexes(List.of(0)))))));
        assertThat(answer.groups().get(0).topics().get(0).partitions().get(0).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_ID.code());
    }

    @Test
    void theFirstQuestionMakesTheOffsetsTopic() {
        for (int version = 0; version <= 6; version++) {
            FindCoordinatorRequestData request = version < 4 ? new FindCoordinatorRequestData().setKey("g")
                    : new FindCoordinatorRequestData().setCoordinatorKeys(List.of("g"));
            FindCoordinatorResponseData answer = call(ApiKeys.FIND_COORDINATOR, version, request);
            int port = version < 4 ? answer.port() : answer.coordinators().get(0).port();
            assertThat(port).as("version %d", version).isEqualTo(9092);
        }
        assertThat(created).isEqualTo(1);
    }

    @Test
    void otherKindsOfCoordinatorsAreRefused() {
        FindCoordinatorResponseData answer = call(ApiKeys.FIND_COORDINATOR, 6,
                new FindCoordinatorRequestData().setKeyType((byte) 1).setCoordinatorKeys(List.of("tx")));
        assertThat(answer.coordinators().get(0).errorCode()).isEqualTo(Errors.INVALID_REQUEST.code());
        assertThat(created).isZero();
    }

    @Test
    void describeTellsTheAllowedOperationsWhenAsked() {
        f.commit("", -1, "t", 0, 1);
        DescribeGroupsResponseData answer = call(ApiKeys.DESCRIBE_GROUPS, 6, new DescribeGroupsRequestData().setGroups(List.of("g"))
                .setIncludeAuthorizedOperations(true));
        assertThat(answer.groups().get(0).authorizedOperations()).isEqualTo(0b110101001000);
        answer = call(ApiKeys.DESCRIBE_GROUPS, 6, new DescribeGroupsRequestData().setGroups(List.of("g")));
        assertThat(answer.groups().get(0).authorizedOperations()).isEqualTo(Integer.MIN_VALUE);
    }
}
