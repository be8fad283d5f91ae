package org.milena.broker.group;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.Uuid;
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
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartitions;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData.SyncGroupRequestAssignment;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.consumer.ConsumerGroups;
import org.milena.broker.group.consumer.RegexResolver;

/** A coordinator of one partition in a simulated world, and the words to speak with it. Group {@code g}, topics {@code t}, {@code u}. */
public final class GroupFixture {

    public static final String GROUP = "g";
    static final int SESSION_MS = 10_000;
    static final int REBALANCE_MS = 60_000;
    static final int INITIAL_DELAY_MS = 3_000;

    public final SimWorld world = new SimWorld();
    public final SimLog log = new SimLog(world);
    public final Map<String, Object> settings = new HashMap<>(Map.of("offsets.topic.num.partitions", 1));
    public GroupConfig config;
    public MetadataImage image = image("t", "u");
    public GroupCoordinator coordinator;
    /** What the transaction coordinator says when it is asked. */
    java.util.function.Supplier<CompletableFuture<java.util.Set<Long>>> promised = () -> CompletableFuture.completedFuture(java.util.Set.of());
    private int epoch;
    private int ids;

    public GroupFixture() {
        this(Map.of());
    }

    public GroupFixture(Map<String, ?> overrides) {
        settings.putAll(overrides);
        config = GroupConfig.of(settings);
        restart();
    }

    static MetadataImage image(String... topics) {
        Map<String, TopicImage> byName = new HashMap<>();
        Map<Uuid, TopicImage> byId = new HashMap<>();
        for (String name : topics) {
            TopicImage topic = new TopicImage(new Uuid(7, name.hashCode()), name, false, List.of(), Map.of(), false);
            byName.put(name, topic);
            byId.put(topic.id(), topic);
        }
        return new MetadataImage(1, "cluster", 1, List.of(new MetadataImage.BrokerImage(1, "localhost", 9092, null)), byName, byId, Map.of(), Map.of());
    }

    /** A new broker process on the same log. */
    public void restart() {
        coordinator = new GroupCoordinator(() -> config, () -> image, log, () -> promised.get(), world, world, world,
                ConsumerGroups.factory(new RegexResolver(world)), () -> "id" + ids++);
        elect();
        world.run();
    }

    public void elect() {
        log.newEpoch(0, ++epoch);
        coordinator.onElection(0, epoch);
    }

    public void resign() {
        log.newEpoch(0, ++epoch);
        coordinator.onResignation(0, epoch);
        world.run();
    }

    // ---- requests

    static RequestInfo version(int version) {
        return new RequestInfo((short) version, "client", "/127.0.0.1");
    }

    static byte[] subscription(String... topics) {
        ByteBuffer buffer = ConsumerProtocol.serializeSubscription(new Subscription(List.of(topics)));
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    static JoinGroupRequestData joinRequest(String memberId, String instanceId, String... protocols) {
        JoinGroupRequestProtocolCollection offered = new JoinGroupRequestProtocolCollection();
        for (String protocol : protocols.length == 0 ? new String[] {"range"} : protocols) {
            offered.add(new JoinGroupRequestProtocol().setName(protocol).setMetadata(subscription("t")));
        }
        return new JoinGroupRequestData().setGroupId(GROUP).setMemberId(memberId).setGroupInstanceId(instanceId)
                .setProtocolType("consumer").setProtocols(offered).setSessionTimeoutMs(SESSION_MS).setRebalanceTimeoutMs(REBALANCE_MS);
    }

    public CompletableFuture<JoinGroupResponseData> join(int version, JoinGroupRequestData request) {
        CompletableFuture<JoinGroupResponseData> future = coordinator.joinGroup(version(version), request);
        world.run();
        return future;
    }

    CompletableFuture<JoinGroupResponseData> join(String memberId) {
        return join(9, joinRequest(memberId, null));
    }

    /** A member id, by way of MEMBER_ID_REQUIRED. */
    String newMemberId() {
        return world.get(join("")).memberId();
    }

    CompletableFuture<SyncGroupResponseData> sync(String memberId, int generation, Map<String, String> assignments) {
        List<SyncGroupRequestAssignment> list = new ArrayList<>();
        assignments.forEach((member, text) -> list.add(new SyncGroupRequestAssignment().setMemberId(member).setAssignment(text.getBytes())));
        CompletableFuture<SyncGroupResponseData> future = coordinator.syncGroup(version(5), new SyncGroupRequestData().setGroupId(GROUP)
                .setMemberId(memberId).setGenerationId(generation).setAssignments(list));
        world.run();
        return future;
    }

    Errors heartbeat(String memberId, int generation) {
        return heartbeat(memberId, null, generation);
    }

    Errors heartbeat(String memberId, String instanceId, int generation) {
        return Errors.forCode(world.get(coordinator.heartbeat(version(4), new HeartbeatRequestData().setGroupId(GROUP).setMemberId(memberId)
                .setGroupInstanceId(instanceId).setGenerationId(generation))).errorCode());
    }

    LeaveGroupResponseData leave(LeaveGroupRequestData.MemberIdentity... members) {
        return world.get(coordinator.leaveGroup(version(5), new LeaveGroupRequestData().setGroupId(GROUP).setMembers(List.of(members))));
    }

    /** Brings up a stable generation of these many new dynamic members, leader first; each is assigned its own id as text. */
    List<String> stable(int members) {
        List<String> ids = new ArrayList<>();
        List<CompletableFuture<JoinGroupResponseData>> joins = new ArrayList<>();
        for (int i = 0; i < members; i++) {
            ids.add(newMemberId());
            joins.add(join(ids.get(i)));
        }
        world.advance(2 * INITIAL_DELAY_MS);
        int generation = world.get(joins.get(0)).generationId();
        ids.sort((a, b) -> a.equals(joins.get(0).join().leader()) ? -1 : b.equals(joins.get(0).join().leader()) ? 1 : 0);
        Map<String, String> assignments = new HashMap<>();
        ids.forEach(id -> assignments.put(id, id));
        ids.forEach(id -> sync(id, generation, assignments));
        return ids;
    }

    public CompletableFuture<org.apache.kafka.common.message.OffsetCommitResponseData> commitLater(int version, OffsetCommitRequestData request) {
        CompletableFuture<org.apache.kafka.common.message.OffsetCommitResponseData> future = coordinator.commitOffsets(version(version), request);
        world.run();
        return future;
    }

    static OffsetCommitRequestData commitRequest(String memberId, int generation, String topic, int partition, long offset) {
        return new OffsetCommitRequestData().setGroupId(GROUP).setMemberId(memberId).setGenerationIdOrMemberEpoch(generation)
                .setTopics(List.of(new OffsetCommitRequestTopic().setName(topic).setPartitions(List.of(new OffsetCommitRequestPartition()
                        .setPartitionIndex(partition).setCommittedOffset(offset).setCommittedMetadata("m")))));
    }

    public Errors commit(String memberId, int generation, String topic, int partition, long offset) {
        return commit(9, commitRequest(memberId, generation, topic, partition, offset));
    }

    public Errors commit(int version, OffsetCommitRequestData request) {
        return Errors.forCode(world.get(commitLater(version, request)).topics().get(0).partitions().get(0).errorCode());
    }

    public OffsetFetchResponsePartitions fetch(String topic, int partition, boolean requireStable) {
        OffsetFetchRequestGroup request = new OffsetFetchRequestGroup().setGroupId(GROUP)
                .setTopics(List.of(new OffsetFetchRequestTopics().setName(topic).setPartitionIndexes(List.of(partition))));
        return world.get(coordinator.fetchOffsets(version(9), request, requireStable)).topics().get(0).partitions().get(0);
    }

    public long committed(String topic, int partition) {
        return fetch(topic, partition, false).committedOffset();
    }

    String state() {
        return world.get(coordinator.describeGroups(version(5), List.of(GROUP))).get(0).groupState();
    }
}
