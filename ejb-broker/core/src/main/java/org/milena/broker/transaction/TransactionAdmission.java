package org.milena.broker.transaction;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;

/** Asked before the first records of a transaction enter a partition (KIP-890). */
public interface TransactionAdmission {

    /**
     * Confirms that the producer's current transaction holds the partitions; never blocks.
     *
     * @param add true for clients of transaction version 2: partitions that are not part of it yet are added, durably, and a
     *            transaction begins where there is none. False (older clients): what was not added is refused
     * @return an error per partition, as AddPartitionsToTxn answers it; NONE: go on
     */
    CompletableFuture<Map<TopicPartition, Errors>> admit(String transactionalId, long producerId, short producerEpoch,
                                                         Collection<TopicPartition> partitions, boolean add);
}
