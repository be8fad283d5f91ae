package org.milena.connector;

import java.util.List;

/**
 * What a message-driven bean implements to receive records many at a time, in one transaction: as many of one partition as are there, at
 * most {@code maxPollRecords}. For the rest it is like {@link RecordListener}.
 */
public interface BatchListener<K, V> {

    /**
     * Returns when all of the records are done with.
     *
     * @param records of one partition, in their order, at least one
     * @throws Exception they are not: the transaction rolls back, and the records are delivered again, each by itself, so that the one that fails is found
     */
    void onRecords(List<InboundRecord<K, V>> records) throws Exception;
}
