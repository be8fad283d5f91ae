package org.milena.broker.transaction;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

/**
 * What a branch holds in one place. A client says with its vote what was acknowledged to it, and all of that must be found there: what a power cut
 * took, the coordinator's own knowledge that the branch had begun included, nobody else remembers.
 */
public sealed interface BranchContent {

    /**
     * Records in one partition. A transaction of version 2 begins with sequence number 0 in each, and the log accepts no gap: the last number tells
     * that all are there.
     */
    record Records(Uuid topicId, int partition, int lastSequence) implements BranchContent {

        @Override
        public String toString() {
            return "records up to sequence number " + lastSequence + " in partition " + partition + " of topic " + topicId;
        }
    }

    /** A group's offset. */
    record Offset(String groupId, TopicPartition partition, long offset) implements BranchContent {

        @Override
        public String toString() {
            return "offset " + offset + " of group " + groupId + " for " + partition;
        }
    }
}
