package org.milena.broker.topic;

import java.util.List;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.log.LogConfig;

/**
 * What topic administration needs of those who hold the partitions. {@link #create} and {@link #remove} block on the disks of the
 * partitions that they are given, and on no other; they are called for a topic's partitions in several directories at once.
 */
public interface PartitionLifecycle {

    /**
     * Opens or creates the logs and begins to lead under the images' leader epochs; a partition without a leader (-1) is left out.
     * When this returns the partitions take writes. Idempotent. What was opened before a failure is given back by {@link #remove}.
     */
    void create(TopicImage topic, List<PartitionImage> partitions, LogConfig config);

    /** Stops leading: who waits for these partitions finds out at once. No I/O. */
    void stop(TopicImage topic, List<PartitionImage> partitions);

    /** Stops leading and deletes the logs. Partitions that are not there are passed over. */
    void remove(TopicImage topic, List<PartitionImage> partitions);

    /** Applies a changed configuration to all partitions of a topic. No I/O. */
    void reconfigure(TopicImage topic, LogConfig config);

    /** The high watermark of a partition led here; empty when it is not, or its directory is offline. */
    OptionalLong highWatermark(TopicPartition partition);
}
