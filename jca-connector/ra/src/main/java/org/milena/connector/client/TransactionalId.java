package org.milena.connector.client;

import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.RecordBatch;

/**
 * A transactional id and the identity of its next transaction: each end of a transaction gives that of the next (KIP-890, transaction version 2).
 * Used by one thread at a time.
 */
final class TransactionalId {

    /** KIP-890's. */
    private static final short TRANSACTION_VERSION = 2;

    /** With it, or the one before it, a producer id is used up; the next is the broker's to choose. */
    private static final short LAST_EPOCH = Short.MAX_VALUE - 1;

    private final String name;
    private ProducerIdentity next;
    private int timeoutMs;

    TransactionalId(String name) {
        this.name = name;
    }

    String name() {
        return name;
    }

    BrokerConnection coordinator(Cluster cluster, Deadline deadline) throws ClientException {
        BrokerConnection found = cluster.transactionCoordinator(name, deadline);
        if (found.feature("transaction.version") < TRANSACTION_VERSION) {
            throw ClientException.of("The cluster has transaction.version " + found.feature("transaction.version") + ", "
                    + TRANSACTION_VERSION + " is needed (kafka-features.sh upgrade)", Errors.UNSUPPORTED_VERSION);
        }
        return found;
    }

    /** To be looked for again. */
    void forgetCoordinator(Cluster cluster) {
        cluster.forgetTransactionalId(name);
    }

    /**
     * The identity under which the next transaction sends. Where the last one's end did not tell it, the broker is asked, and what is
     * open of this id is rolled back.
     *
     * @param timeout {@code transaction.timeout.ms} of the next transaction
     */
    ProducerIdentity begin(Cluster cluster, int timeout, Deadline deadline) throws ClientException {
        ProducerIdentity identity = next != null && timeout == timeoutMs ? next : initialise(cluster, timeout, deadline);
        next = null;
        return identity;
    }

    /** The transaction has ended, and this comes after it; null when nobody knows. */
    void ended(ProducerIdentity after) {
        next = after;
    }

    /** The transaction has ended, by a request whose answer does not tell what comes after it. */
    void endedAfter(ProducerIdentity last) {
        next = last.epoch() + 1 < LAST_EPOCH ? new ProducerIdentity(last.id(), (short) (last.epoch() + 1)) : null;
    }

    private ProducerIdentity initialise(Cluster cluster, int timeout, Deadline deadline) throws ClientException {
        try {
            BrokerConnection broker = coordinator(cluster, deadline);
            InitProducerIdRequestData request = new InitProducerIdRequestData().setTransactionalId(name).setTransactionTimeoutMs(timeout)
                    .setProducerId(RecordBatch.NO_PRODUCER_ID).setProducerEpoch(RecordBatch.NO_PRODUCER_EPOCH);
            InitProducerIdResponseData answer = (InitProducerIdResponseData) broker.send(ApiKeys.INIT_PRODUCER_ID,
                    broker.version(ApiKeys.INIT_PRODUCER_ID, 4, 5), request).await(deadline);
            Errors error = Errors.forCode(answer.errorCode());
            if (error == Errors.INVALID_TRANSACTION_TIMEOUT) {
                throw ClientException.of("The broker's transaction.max.timeout.ms allows no transaction of " + timeout + " ms", error);
            }
            if (error != Errors.NONE) {
                throw ClientException.of("No producer id for transactional id " + name + ": " + error.message(), error);
            }
            timeoutMs = timeout;
            return new ProducerIdentity(answer.producerId(), answer.producerEpoch());
        } catch (ClientException e) {
            forgetCoordinator(cluster);
            throw e;
        }
    }
}
