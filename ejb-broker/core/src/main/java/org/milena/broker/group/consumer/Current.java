package org.milena.broker.group.consumer;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.milena.broker.group.record.GroupValue.ConsumerGroupCurrentMemberAssignment;

/**
 * What a member has, and where it stands: the content of its ConsumerGroupCurrentMemberAssignment record.
 *
 * @param epoch         the member epoch that its next heartbeat is expected to carry
 * @param previousEpoch accepted too from a member that has not seen the answer with {@code epoch}
 * @param assigned      partitions that it may consume, with the epoch at which it got them
 * @param revoking      partitions that it has to give up and may still consume
 */
record Current(int epoch, int previousEpoch, MemberState state, SortedMap<Uuid, SortedMap<Integer, Integer>> assigned,
               SortedMap<Uuid, SortedMap<Integer, Integer>> revoking) {

    /** A member that has not joined yet, or has been removed. */
    static final Current NONE = new Current(0, -1, MemberState.STABLE, new TreeMap<>(), new TreeMap<>());

    Current {
        assigned = Collections.unmodifiableSortedMap(assigned);
        revoking = Collections.unmodifiableSortedMap(revoking);
    }

    static Current of(ConsumerGroupCurrentMemberAssignment value) {
        return new Current(value.memberEpoch(), value.previousMemberEpoch(), MemberState.of(value.state()),
                Partitions.assignmentOf(value.assignedPartitions(), value.memberEpoch()),
                Partitions.assignmentOf(value.partitionsPendingRevocation(), value.memberEpoch()));
    }

    ConsumerGroupCurrentMemberAssignment toRecord() {
        return new ConsumerGroupCurrentMemberAssignment(epoch, previousEpoch, state.id(), Partitions.ofAssignment(assigned),
                Partitions.ofAssignment(revoking));
    }

    /** The next step of the same member: what was its epoch becomes its previous one. */
    Current next(int nextEpoch, MemberState nextState, SortedMap<Uuid, SortedMap<Integer, Integer>> nextAssigned,
                 SortedMap<Uuid, SortedMap<Integer, Integer>> nextRevoking) {
        return new Current(nextEpoch, epoch, nextState, nextAssigned, nextRevoking);
    }

    /** The same partitions in another epoch, without history. */
    Current at(int newEpoch, int newPrevious) {
        return new Current(newEpoch, newPrevious, state, assigned, revoking);
    }

    boolean reconciledTo(int targetEpoch) {
        return state == MemberState.STABLE && epoch == targetEpoch;
    }
}
