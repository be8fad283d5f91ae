package org.milena.broker.log;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

/** All logs of this broker, in all its directories. */
public interface LogManager extends AutoCloseable {

    List<LogDirectory> directories();

    Optional<PartitionLog> log(TopicPartition partition);

    Collection<PartitionLog> logs();

    /**
     * Opens or creates the log of a partition, in the directory with the fewest partitions, and writes its
     * {@code partition.metadata}. Blocks on the disk.
     */
    PartitionLog getOrCreate(TopicPartition partition, Uuid topicId, LogConfig config);

    /** Renames the directory out of the way ({@code …-delete}, as Kafka does) and deletes it after {@code file.delete.delay.ms}. */
    void delete(TopicPartition partition);

    /** What the directories hold that metadata may not know: topic name, id, partitions, and the configs kept beside the logs, if any. */
    List<FoundTopic> found();

    /** Writes a topic's configs beside its logs, so that a directory without its metadata keeps its retention. */
    void saveTopicConfigs(Uuid topicId, java.util.Map<String, String> configs);

    /** The largest producer id seen in any snapshot or log, or -1 (rules 7). */
    long maxProducerId();

    /** One round of retention, roll by time, producer expiry and removal of deleted directories; called by housekeeping. */
    void enforceRetention();

    /** Flushes what {@code flush.ms} demands; called by housekeeping. */
    void flushDirty();

    /** Writes recovery points and log start offsets; called by housekeeping. */
    void checkpoint();

    /** One round of compaction: cleans the dirtiest log that is due; true if there was one. */
    boolean cleanOnce();

    /** Flushes, checkpoints, writes the clean-shutdown file and closes every file. */
    @Override
    void close();

    /** @param configs empty when they are not known */
    record FoundTopic(String name, Uuid id, List<Integer> partitions, Optional<java.util.Map<String, String>> configs) {
    }
}
