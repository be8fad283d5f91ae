package org.milena.broker.group.consumer;

import java.util.function.Supplier;
import org.milena.broker.coordinator.Result;
import org.milena.broker.coordinator.ShardTimer;

/**
 * The deadlines of a member: its session, the revocation of partitions, and, for a classic member, the JoinGroup that a
 * rebalance wants and the SyncGroup that follows it. Each removes the member. Volatile: set again when a shard is loaded.
 */
final class Timeouts {

    /** Removes a member that missed a deadline, if it is still there. */
    @FunctionalInterface
    interface Remover {
        Result<Void> remove(String groupId, String memberId, String reason);
    }

    private final ShardTimer timer;
    private final Remover remover;

    Timeouts(ShardTimer timer, Remover remover) {
        this.timer = timer;
        this.remover = remover;
    }

    void session(String groupId, String memberId, int timeoutMs) {
        timer.schedule(key("session", groupId, memberId), timeoutMs,
                () -> remover.remove(groupId, memberId, "its session expired"));
    }

    /** @param stillThere whether the member is in the epoch that it had when the deadline was set */
    void revocation(String groupId, String memberId, int timeoutMs, Supplier<Boolean> stillThere) {
        timer.schedule(key("revocation", groupId, memberId), timeoutMs, () -> stillThere.get()
                ? remover.remove(groupId, memberId, "it did not give up its partitions within " + timeoutMs + " ms")
                : Result.of(null));
    }

    void cancelRevocation(String groupId, String memberId) {
        timer.cancel(key("revocation", groupId, memberId));
    }

    /** Does not move a deadline that is set already. */
    void join(String groupId, String memberId, int timeoutMs) {
        String key = key("join", groupId, memberId);
        if (!timer.isScheduled(key)) {
            timer.schedule(key, timeoutMs, () -> remover.remove(groupId, memberId, "it did not join within its rebalance timeout"));
        }
    }

    void cancelJoin(String groupId, String memberId) {
        timer.cancel(key("join", groupId, memberId));
    }

    void sync(String groupId, String memberId, int timeoutMs) {
        timer.schedule(key("sync", groupId, memberId), timeoutMs,
                () -> remover.remove(groupId, memberId, "it did not sync within its rebalance timeout"));
    }

    void cancelSync(String groupId, String memberId) {
        timer.cancel(key("sync", groupId, memberId));
    }

    void cancelAll(String groupId, String memberId) {
        for (String kind : new String[] {"session", "revocation", "join", "sync"}) {
            timer.cancel(key(kind, groupId, memberId));
        }
    }

    /** Lengths keep keys of odd group and member ids apart. */
    private static String key(String kind, String groupId, String memberId) {
        return "consumer-" + kind + ":" + groupId.length() + ":" + groupId + ":" + memberId;
    }
}
