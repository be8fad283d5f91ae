package org.milena.broker.group;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData.SyncGroupRequestAssignment;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;

/** A consumer of the classic protocol as the simulation drives it: one request under way at a time, apart from commits. */
final class SimClient {

    private enum Phase { OUT, JOINING, SYNCING, MEMBER }

    static final int PARTITIONS = 6;

    private final GroupFixture f;
    private final Random random;
    private final Ownership ownership;
    private final String instanceId;
    private Phase phase = Phase.OUT;
    private String memberId = "";
    private int generation = -1;
    private JoinGroupResponseData joined;
    private List<Integer> owned = List.of();
    /** Answers of an earlier process or attempt are ignored. */
    private int attempt;

    SimClient(GroupFixture f, Random random, Ownership ownership, String instanceId) {
        this.f = f;
        this.random = random;
        this.ownership = ownership;
        this.instanceId = instanceId;
    }

    boolean isMember() {
        return phase == Phase.MEMBER;
    }

    int generation() {
        return generation;
    }

    List<Integer> owned() {
        return owned;
    }

    /** The process dies; one that comes later is a new member (or takes its instance over). */
    void crash() {
        attempt++;
        reset();
    }

    private void reset() {
        phase = Phase.OUT;
        memberId = "";
        generation = -1;
        owned = List.of();
    }

    void step() {
        switch (phase) {
            case OUT -> join();
            case MEMBER -> {
                int choice = random.nextInt(10);
                if (choice < 6) {
                    heartbeat();
                } else if (choice < 9) {
                    commit();
                } else if (random.nextInt(10) == 0) {
                    leave();
                }
            }
            default -> { }
        }
    }

    private void join() {
        phase = Phase.JOINING;
        owned = List.of();
        int mine = ++attempt;
        f.coordinator.joinGroup(GroupFixture.version(9), GroupFixture.joinRequest(memberId, instanceId)).thenAccept(answer -> {
            if (mine == attempt) {
                joined(answer);
            }
        });
    }

    private void joined(JoinGroupResponseData answer) {
        switch (Errors.forCode(answer.errorCode())) {
            case NONE -> {
                memberId = answer.memberId();
                generation = answer.generationId();
                joined = answer;
                sync();
            }
            case MEMBER_ID_REQUIRED -> {
                memberId = answer.memberId();
                phase = Phase.OUT;
            }
            case UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID -> reset();
            default -> phase = Phase.OUT;
        }
    }

    private void sync() {
        phase = Phase.SYNCING;
        int mine = ++attempt;
        List<SyncGroupRequestAssignment> assignments = new ArrayList<>();
        if (joined.leader().equals(memberId) && !joined.skipAssignment()) {
            Map<Integer, String> owners = new HashMap<>();
            for (int p = 0; p < PARTITIONS; p++) {
                owners.put(p, joined.members().get((p + random.nextInt(3)) % joined.members().size()).memberId());
            }
            joined.members().forEach(m -> assignments.add(new SyncGroupRequestAssignment().setMemberId(m.memberId())
                    .setAssignment(bytes(owners, m.memberId()))));
        }
        f.coordinator.syncGroup(GroupFixture.version(5), new SyncGroupRequestData().setGroupId(GroupFixture.GROUP).setMemberId(memberId)
                .setGroupInstanceId(instanceId).setGenerationId(generation).setAssignments(assignments)).thenAccept(answer -> {
                    if (mine == attempt) {
                        synced(answer);
                    }
                });
    }

    private void synced(SyncGroupResponseData answer) {
        Errors error = Errors.forCode(answer.errorCode());
        if (error == Errors.NONE) {
            owned = new ArrayList<>();
            for (byte p : answer.assignment()) {
                owned.add((int) p);
            }
            ownership.assigned(generation, instanceId == null ? memberId : instanceId, owned);
            phase = Phase.MEMBER;
        } else {
            lost(error);
        }
    }

    private void heartbeat() {
        int mine = attempt;
        f.coordinator.heartbeat(GroupFixture.version(4), new HeartbeatRequestData().setGroupId(GroupFixture.GROUP).setMemberId(memberId)
                .setGroupInstanceId(instanceId).setGenerationId(generation)).thenAccept(answer -> {
                    if (mine == attempt) {
                        lost(Errors.forCode(answer.errorCode()));
                    }
                });
    }

    private void commit() {
        if (owned.isEmpty()) {
            return;
        }
        int partition = owned.get(random.nextInt(owned.size()));
        int mine = attempt;
        commit(partition).thenAccept(error -> {
            if (mine == attempt) {
                lost(error);
            }
        });
    }

    /** Commits as the member it thinks it is. */
    CompletableFuture<Errors> commit(int partition) {
        long offset = ownership.nextOffset(partition);
        return f.coordinator.commitOffsets(GroupFixture.version(9), GroupFixture.commitRequest(memberId, generation, "t", partition, offset)
                .setGroupInstanceId(instanceId)).thenApply(answer -> {
                    Errors error = Errors.forCode(answer.topics().get(0).partitions().get(0).errorCode());
                    if (error == Errors.NONE) {
                        ownership.committed(partition, offset);
                    }
                    return error;
                });
    }

    private void leave() {
        MemberIdentity identity = new MemberIdentity().setMemberId(memberId).setGroupInstanceId(instanceId);
        f.coordinator.leaveGroup(GroupFixture.version(5), new LeaveGroupRequestData().setGroupId(GroupFixture.GROUP).setMembers(List.of(identity)));
        crash();
    }

    /** What a consumer does about an error: rejoin, as itself or as somebody new. */
    private void lost(Errors error) {
        switch (error) {
            case NONE, COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR -> {
                if (phase == Phase.SYNCING) {
                    phase = Phase.OUT;
                }
            }
            case REBALANCE_IN_PROGRESS -> phase = Phase.OUT;
            case ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID -> reset();
            default -> throw new AssertionError("A consumer does not expect " + error);
        }
    }

    private static byte[] bytes(Map<Integer, String> owners, String memberId) {
        java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
        owners.forEach((partition, owner) -> {
            if (owner.equals(memberId)) {
                out.write(partition);
            }
        });
        return out.toByteArray();
    }

    /** What everybody was told, to hold the coordinator to it. */
    static final class Ownership {
        private final Map<Integer, Map<Integer, String>> ownersByGeneration = new HashMap<>();
        private final Map<Integer, Long> lastCommitted = new HashMap<>();
        private long offsets;

        void assigned(int generation, String owner, List<Integer> partitions) {
            Map<Integer, String> owners = ownersByGeneration.computeIfAbsent(generation, g -> new HashMap<>());
            for (int partition : partitions) {
                String other = owners.putIfAbsent(partition, owner);
                if (other != null && !other.equals(owner)) {
                    throw new AssertionError("Partition " + partition + " has two owners in generation " + generation + ": " + other + " and " + owner);
                }
            }
        }

        long nextOffset(int partition) {
            return ++offsets;
        }

        void committed(int partition, long offset) {
            lastCommitted.merge(partition, offset, Math::max);
        }

        Map<Integer, Long> lastCommitted() {
            return lastCommitted;
        }
    }
}
