package org.milena.connector.client;

import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

/**
 * What the broker has acknowledged of a branch. It is told with the request for the vote, and must all be there: after a power cut the broker may have
 * forgotten a part, and that the branch had begun.
 */
record BranchContents(List<Records> records, List<Offset> offsets) {

    static final BranchContents NONE = new BranchContents(List.of(), List.of());

    /** @param lastSequence number of the last record; the branch's first has 0 */
    record Records(Uuid topicId, int partition, int lastSequence) {
    }

    /** A group's offset for a partition. */
    record Offset(String groupId, TopicPartition partition, long offset) {
    }
}
