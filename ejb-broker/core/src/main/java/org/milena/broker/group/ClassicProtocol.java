package org.milena.broker.group;

import java.util.List;
import org.milena.broker.group.classic.ClassicGroup;
import org.milena.broker.group.classic.ClassicMember;

/** What the classic protocol does for groups that change their protocol. On the shard's executor. */
public interface ClassicProtocol {

    /**
     * After an upgrade's records were replayed: members that wait for a join or sync are told to rejoin
     * (REBALANCE_IN_PROGRESS), the group's timers end.
     */
    void release(ClassicGroup group);

    /**
     * After a downgrade's records were replayed: the group in {@link Groups} gets these members (with all their protocols and
     * their assignments), watches their sessions and prepares a rebalance.
     */
    void adopt(String groupId, List<ClassicMember> members, String reason);
}
