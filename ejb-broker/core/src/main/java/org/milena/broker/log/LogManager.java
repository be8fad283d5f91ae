package org.milena.broker.log;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.KafkaStorageException;

/** All logs of this broker, in all its directories. */
public interface LogManager extends AutoCloseable {

    List<LogDirectory> directories();

    Optional<PartitionLog> log(TopicPartition partition);

    Collection<PartitionLog> logs();

    /** Why a partition found at start could not be opened: its files are damaged. Untouched; the message says how to inspect them. */
    Optional<KafkaStorageException> failure(TopicPartition partition);

    /** As with {@code isNew} false. */
    default PartitionLog getOrCreate(TopicPartition partition, Uuid topicId, LogConfig config) {
        return getOrCreate(partition, topicId, config, false);
    }

    /**
     * Opens or creates the log of a partition, in the directory that {@link #place} names, and writes its
     * {@code partition.metadata}. Blocks on that directory's disk, and on no other.
     *
     * @param isNew the partition has just been created. If not, and it is nowhere to be found while a directory is offline, it may
     *              be in that one: then nothing is created
     * @throws KafkaStorageException it is damaged ({@link #failure}), may be in an offline directory, or the disk failed
     * @throws org.apache.kafka.common.errors.InconsistentTopicIdException the log on disk is of another topic with the same name
     */
    PartitionLog getOrCreate(TopicPartition partition, Uuid topicId, LogConfig config, boolean isNew);

    /**
     * The directory of a partition: where it lies, or is going to be made, the one with the fewest partitions. No I/O.
     *
     * @param isNew as in {@link #getOrCreate(TopicPartition, Uuid, LogConfig, boolean)}, with the same exceptions
     */
    LogDirectory place(TopicPartition partition, boolean isNew);

    /** Where a partition's files are, damaged ones too; empty if it has none. No I/O. */
    Optional<LogDirectory> directory(TopicPartition partition);

    /**
     * Renames the directory out of the way ({@code …-delete}, as Kafka does) and deletes it after {@code file.delete.delay.ms}.
     * A damaged one goes the same way.
     */
    void delete(TopicPartition partition);

    /**
     * Takes away what the directories still hold of topics that were deleted while they were offline, or just before a crash, and
     * serves the partitions that such a leftover stood in the way of. At start, before {@link #found}; what can't be removed is not
     * served either.
     */
    void deleteLeftovers(Set<Uuid> deletedTopics);

    /** What the directories hold that metadata may not know: topic name, id, partitions, and the configs kept beside the logs, if any. */
    List<FoundTopic> found();

    /** Writes a topic's configs beside its logs, so that a directory without its metadata keeps its retention. */
    default void saveTopicConfigs(Uuid topicId, java.util.Map<String, String> configs) {
        directories().forEach(directory -> saveTopicConfigs(directory, topicId, configs));
    }

    /** For one directory, so that a stalled one holds up no other; those that are made there later get them, too. */
    void saveTopicConfigs(LogDirectory directory, Uuid topicId, java.util.Map<String, String> configs);

    /** The largest producer id seen in any snapshot or log, or -1 (rules 7). */
    long maxProducerId();

    /** One round of retention, roll by time, producer expiry and removal of deleted directories; called by housekeeping. */
    default void enforceRetention() {
        directories().forEach(this::enforceRetention);
    }

    /** For one directory, so that a stalled one holds up no other. */
    void enforceRetention(LogDirectory directory);

    /** Flushes what {@code flush.ms} demands; called by housekeeping. */
    default void flushDirty() {
        directories().forEach(this::flushDirty);
    }

    /** For one directory, so that a stalled one holds up no other. */
    void flushDirty(LogDirectory directory);

    /** Writes recovery points, log start offsets and high watermarks; called by housekeeping. */
    default void checkpoint() {
        directories().forEach(this::checkpoint);
    }

    /** For one directory, so that a stalled one holds up no other. */
    void checkpoint(LogDirectory directory);

    /**
     * Compacts the dirtiest log of a directory that is due; called by housekeeping, one call at a time for a directory, until it
     * answers false. Takes as long as copying that log does.
     *
     * @return true if one was compacted; false also from a manager that never compacts
     * @throws InterruptedException the throttle's wait was interrupted: nothing is lost
     */
    default boolean cleanOnce(LogDirectory directory) throws InterruptedException {
        return false;
    }

    /** Flushes, checkpoints, writes the clean-shutdown file and closes every file; a directory whose disk hangs is given up. */
    @Override
    void close();

    /** @param configs empty when they are not known */
    record FoundTopic(String name, Uuid id, List<Integer> partitions, Optional<java.util.Map<String, String>> configs) {
    }
}
