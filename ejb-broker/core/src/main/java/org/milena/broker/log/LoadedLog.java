package org.milena.broker.log;

import java.nio.file.Path;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

/**
 * What opening a partition directory found.
 *
 * @param snapshotOffset of the producer snapshot that {@code producers} began with, or -1
 */
record LoadedLog(TopicPartition partition, Path path, Uuid topicId, ConcurrentSkipListMap<Long, LogSegment> segments,
                 LeaderEpochs epochs, ProducerStates producers, long snapshotOffset, long logStartOffset, long logEndOffset, long recoveryPoint) {
}
