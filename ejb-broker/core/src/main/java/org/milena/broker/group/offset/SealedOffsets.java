package org.milena.broker.group.offset;

import java.util.HashSet;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.CoordinatorLoadInProgressException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.UnstableOffsetCommitException;
import org.milena.broker.transaction.BranchContent;

/**
 * The pending offsets that a transaction manager was promised, or is just being promised: until their transaction ends they are the only
 * ones of their groups and partitions, and nobody changes what they will be written over (rules 18). Not in the log: after a load the
 * transaction coordinator says which they are, and until then all that were pending count as such. Runs on the shard's thread.
 */
public final class SealedOffsets {

    private final OffsetStore store;
    private final Set<Long> sealed = new HashSet<>();
    /** Producers whose offsets were pending when the shard was loaded, until it is told. */
    private final Set<Long> unknown = new HashSet<>();

    public SealedOffsets(OffsetStore store) {
        this.store = store;
    }

    // ---- life

    /** @return whether the transaction coordinator is to be asked */
    public boolean loaded() {
        unknown.addAll(store.openProducers());
        return !unknown.isEmpty();
    }

    /** @param promised producers whose transactions are prepared, or were about to be, after the shard was loaded */
    public void told(Set<Long> promised) {
        unknown.stream().filter(promised::contains).forEach(sealed::add);
        unknown.clear();
    }

    /**
     * From now on, until the transaction ends.
     *
     * @return what is sealed
     * @throws UnstableOffsetCommitException somebody else's transaction has offsets pending in the same place: one would be lost
     */
    public Set<BranchContent> seal(long producerId) {
        Set<BranchContent> found = new HashSet<>();
        store.forEachPending(producerId, (groupId, partition, offset) -> {
            for (long other : store.openProducers()) {
                if (other != producerId && store.isPending(other, groupId, partition)) {
                    throw new UnstableOffsetCommitException("Group " + groupId + " has offsets for " + partition + " pending in two transactions, of producers "
                            + producerId + " and " + other);
                }
            }
            found.add(new BranchContent.Offset(groupId, partition, offset.offset()));
        });
        unknown.remove(producerId);
        sealed.add(producerId);
        return found;
    }

    /** The transaction has ended. */
    public void ended(long producerId) {
        sealed.remove(producerId);
        unknown.remove(producerId);
    }

    // ---- questions; each throws why not

    /** May a producer add to its transaction? */
    public void checkGrowth(long producerId) {
        if (sealed.contains(producerId)) {
            throw new InvalidTxnStateException("The transaction of producer " + producerId + " is being prepared, or is: it takes no more offsets");
        }
        if (unknown.contains(producerId)) {
            throw notTold();
        }
    }

    /** May a group's offset of a partition change, or be added to a transaction? Null: yes. */
    public ApiException refusal(String groupId, TopicPartition partition) {
        if (sealed.isEmpty() && unknown.isEmpty()) {
            return null;
        }
        for (long producerId : sealed) {
            if (store.isPending(producerId, groupId, partition)) {
                return new UnstableOffsetCommitException("The offset of group " + groupId + " for " + partition
                        + " is in doubt: it belongs to a prepared XA branch, of producer " + producerId);
            }
        }
        for (long producerId : unknown) {
            if (store.isPending(producerId, groupId, partition)) {
                return notTold();
            }
        }
        return null;
    }

    /** May all of a group's offsets go? */
    public void checkDeletable(String groupId) {
        for (TopicPartition partition : store.partitions(groupId, tp -> true)) {
            ApiException refusal = refusal(groupId, partition);
            if (refusal != null) {
                throw refusal;
            }
        }
    }

    private static ApiException notTold() {
        return new CoordinatorLoadInProgressException("The transaction coordinator has not said yet which of the offsets that are pending are in doubt");
    }
}
