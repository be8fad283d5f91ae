package org.milena.broker.cluster;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.Uuid;

/**
 * The durable metadata of the cluster; a relational database in the server, memory in unit tests.
 * Every method blocks, runs in a transaction of its own (never the caller's, rules 19) and is durable on return.
 * Never called on the produce or fetch path.
 */
public interface MetadataStore {

    /** Reads everything; called at start and after a change that went wrong half-way. */
    Snapshot load();

    /** Creates the cluster id on the first call, returns the same ever after. A {@code preferred} id (found in a data directory) is taken for a new database. */
    String clusterId(String preferred);

    /** Registers this start of the broker and returns its incarnation: larger than any before (rules 2). */
    long newIncarnation(int brokerId);

    /** @throws org.apache.kafka.common.errors.TopicExistsException the name is taken */
    void createTopic(TopicRow topic);

    /** Also remembers the id, in the same transaction, until {@link #forgetDeleted}: what is left of its logs may come to light later. */
    void deleteTopic(Uuid id);

    /** No directory holds anything of these deleted topics any more. */
    void forgetDeleted(Collection<Uuid> ids);

    /** Adds partitions; the rows continue the existing indexes. */
    void addPartitions(Uuid topicId, List<PartitionRow> added);

    /** Compare-and-set of a partition's leadership: @return false when {@code expectedVersion} is not the stored one. */
    boolean updatePartition(Uuid topicId, PartitionRow next, long expectedVersion);

    /**
     * Many compare-and-sets at once, as a broker makes them at its start; a store that can do so writes all or none in one transaction.
     *
     * @return false when any expected version is not the stored one
     */
    default boolean updatePartitions(List<PartitionUpdate> updates) {
        boolean all = true;
        for (PartitionUpdate update : updates) {
            all &= updatePartition(update.topicId(), update.next(), update.expectedVersion());
        }
        return all;
    }

    /** Sets (value) and removes (null) keys of one resource; {@code type} is {@code topic}, {@code broker} or {@code group}; name "" is the cluster-wide broker default. */
    void alterConfigs(String type, String name, Map<String, String> changes);

    /** Marks a topic's configs as known (lifts the hold). */
    void releaseConfigs(Uuid topicId);

    /** Hands out {@code size} producer ids, all larger than {@code above} and than any handed out before; returns the first. */
    long allocateProducerIds(long above, int size);

    record TopicRow(Uuid id, String name, boolean internal, boolean configsHeld, List<PartitionRow> partitions, Map<String, String> configs) {
    }

    record PartitionRow(int index, int leader, int leaderEpoch, List<Integer> replicas, List<Integer> isr, long version) {
    }

    record PartitionUpdate(Uuid topicId, PartitionRow next, long expectedVersion) {
    }

    /**
     * @param configs type → name → key → value
     * @param deleted ids of topics that are gone, while their logs may not be
     */
    record Snapshot(List<TopicRow> topics, Map<String, Map<String, Map<String, String>>> configs, Set<Uuid> deleted) {
    }
}
