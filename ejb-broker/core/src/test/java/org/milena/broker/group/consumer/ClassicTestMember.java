package org.milena.broker.group.consumer;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.utils.Utils;
import org.milena.broker.group.RequestInfo;

/** A cooperative consumer of the classic protocol, request by request. */
final class ClassicTestMember {

    /** Before v4 a member need not come back with its id, which keeps tests short. */
    private static final RequestInfo V3 = new RequestInfo((short) 3, "classic", "/10.0.0.2");

    final GroupHarness harness;
    final String groupId;
    final List<String> topics;
    String memberId = "";
    String instanceId;
    int generation;
    Set<TopicPartition> owned = Set.of();
    CompletableFuture<JoinGroupResponseData> joining;

    ClassicTestMember(GroupHarness harness, String groupId, String... topics) {
        this.harness = harness;
        this.groupId = groupId;
        this.topics = List.of(topics);
    }

    ClassicTestMember instance(String id) {
        instanceId = id;
        return this;
    }

    JoinGroupRequestData joinRequest() {
        Subscription subscription = new Subscription(topics, null, new ArrayList<>(owned), generation, java.util.Optional.empty());
        byte[] metadata = Utils.toArray(ConsumerProtocol.serializeSubscription(subscription));
        JoinGroupRequestData request = new JoinGroupRequestData().setGroupId(groupId).setMemberId(memberId).setGroupInstanceId(instanceId)
                .setSessionTimeoutMs(10_000).setRebalanceTimeoutMs(20_000).setProtocolType("consumer");
        request.protocols().add(new JoinGroupRequestData.JoinGroupRequestProtocol().setName("cooperative-sticky").setMetadata(metadata));
        return request;
    }

    ClassicTestMember join() {
        joining = new CompletableFuture<>();
        harness.run(harness.shard.join(V3, joinRequest(), joining));
        return this;
    }

    /** Takes the answer of the join; false when it still waits. */
    boolean joined() {
        if (!joining.isDone()) {
            return false;
        }
        JoinGroupResponseData response = joining.join();
        if (response.errorCode() != 0) {
            throw Errors.forCode(response.errorCode()).exception();
        }
        memberId = response.memberId();
        generation = response.generationId();
        return true;
    }

    boolean leads() {
        return joining.join().leader().equals(memberId);
    }

    Errors sync() {
        return sync(Map.of());
    }

    CompletableFuture<SyncGroupResponseData> syncing(Map<ClassicTestMember, List<TopicPartition>> assignments) {
        SyncGroupRequestData request = new SyncGroupRequestData().setGroupId(groupId).setMemberId(memberId).setGenerationId(generation)
                .setGroupInstanceId(instanceId).setProtocolType("consumer").setProtocolName("cooperative-sticky");
        assignments.forEach((member, partitions) -> request.assignments().add(new SyncGroupRequestData.SyncGroupRequestAssignment()
                .setMemberId(member.memberId).setAssignment(Utils.toArray(ConsumerProtocol.serializeAssignment(new Assignment(partitions))))));
        CompletableFuture<SyncGroupResponseData> answer = new CompletableFuture<>();
        harness.run(harness.shard.sync(V3, request, answer));
        return answer;
    }

    Errors sync(Map<ClassicTestMember, List<TopicPartition>> assignments) {
        return take(syncing(assignments).join());
    }

    Errors take(SyncGroupResponseData response) {
        if (response.errorCode() == 0) {
            Assignment assignment = ConsumerProtocol.deserializeAssignment(ByteBuffer.wrap(response.assignment()));
            owned = new TreeSet<>((x, y) -> x.toString().compareTo(y.toString()));
            owned.addAll(assignment.partitions());
        }
        return Errors.forCode(response.errorCode());
    }

    Errors beat() {
        return Errors.forCode(harness.run(harness.shard.heartbeat(V3, new HeartbeatRequestData().setGroupId(groupId).setMemberId(memberId)
                .setGenerationId(generation).setGroupInstanceId(instanceId))).errorCode());
    }

    void leave() {
        LeaveGroupRequestData request = new LeaveGroupRequestData().setGroupId(groupId).setMembers(List.of(
                new LeaveGroupRequestData.MemberIdentity().setMemberId(memberId).setGroupInstanceId(instanceId)));
        harness.run(harness.shard.leave(V3, request));
    }

}
