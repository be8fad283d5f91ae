package org.milena.connector.client;

import java.util.List;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordMetadata;

/**
 * A transactional id and its transactions, one after the other, in transaction version 2 (KIP-890): partitions join with their first
 * batch, and each end of a transaction gives the epoch of the next. Used by one thread at a time.
 *
 * <p>A send that fails dooms its transaction: {@link #commit} then rolls back. One that the broker could not be told to roll back is rolled back by
 * the broker, when {@code transaction.timeout.ms} is over or this transactional id begins another.
 */
public final class Transaction implements BatchOwner {

    /** KIP-890's. */
    private static final short TRANSACTION_VERSION = 2;

    private final Cluster cluster;
    private final Partitioner partitioner = new Partitioner();
    private final String transactionalId;
    private final int timeoutMs;
    private ProducerIdentity identity;
    private BrokerConnection coordinator;
    private boolean sent;
    private ClientException doom;

    /** @param timeoutMs {@code transaction.timeout.ms}: how long one may last before the broker ends it */
    public Transaction(Cluster cluster, String transactionalId, int timeoutMs) {
        this.cluster = cluster;
        this.transactionalId = transactionalId;
        this.timeoutMs = timeoutMs;
    }

    /**
     * Sends within the transaction, which begins with it.
     *
     * @throws ClientException the transaction can only be rolled back now
     */
    public List<RecordMetadata> send(List<OutboundRecord> records) throws ClientException {
        if (doom != null) {
            throw ClientException.of("The transaction can only be rolled back, since a send failed: " + doom.getMessage(), Errors.INVALID_TXN_STATE);
        }
        try {
            return new Delivery(cluster, this, deadline()).deliver(records);
        } catch (ClientException e) {
            doom = e;
            throw e;
        }
    }

    /**
     * Commits; nothing is to do where nothing was sent.
     *
     * @throws ClientException it was rolled back; or nobody knows ({@link ClientException#outcomeUnknown()})
     */
    public void commit() throws ClientException {
        if (doom != null) {
            ClientException why = doom;
            rollback();
            throw ClientException.of("Rolled back, since a send failed: " + why.getMessage(), why.error());
        }
        if (sent) {
            end(true);
        }
    }

    /** Rolls back. What the broker can't be told now it will do by itself. */
    public void rollback() {
        doom = null;
        if (!sent) {
            return;
        }
        try {
            end(false);
        } catch (ClientException e) {
            identity = null; // the next InitProducerId rolls it back, or the broker's timeout
        }
    }

    private Deadline deadline() {
        return Deadline.after(cluster.config().deliveryTimeoutMs());
    }

    private void end(boolean commit) throws ClientException {
        sent = false;
        ProducerIdentity ending = identity;
        if (ending == null) {
            if (commit) {
                throw ClientException.of("Rolled back: the broker does not know the transaction any more", Errors.INVALID_PRODUCER_EPOCH);
            }
            return;
        }
        identity = null; // until the answer tells the next
        EndTxnRequestData request = new EndTxnRequestData().setTransactionalId(transactionalId).setProducerId(ending.id())
                .setProducerEpoch(ending.epoch()).setCommitted(commit);
        Deadline deadline = deadline();
        boolean unanswered = false;
        ClientException failure = null;
        for (int attempt = 0; !deadline.over(); attempt++) {
            try {
                BrokerConnection broker = coordinator(deadline);
                EndTxnResponseData answer = (EndTxnResponseData) broker.send(ApiKeys.END_TXN, broker.version(ApiKeys.END_TXN, 5, 5), request).await(deadline);
                Errors error = Errors.forCode(answer.errorCode());
                if (error == Errors.NONE) {
                    identity = new ProducerIdentity(answer.producerId(), answer.producerEpoch());
                    return;
                }
                throw ClientException.of((commit ? "The commit" : "The rollback") + " was refused with " + error + ": " + error.message(), error);
            } catch (ClientException e) {
                unanswered |= e.outcomeUnknown();
                failure = e.orBefore(failure);
                if (!e.retriable()) {
                    throw unanswered ? e.withOutcomeUnknown() : e;
                }
                coordinator = null;
                deadline.pause(cluster.config().backoff(attempt));
            }
        }
        throw ClientException.timedOut(commit ? "The commit was not acknowledged" : "The rollback was not acknowledged", deadline, failure, unanswered);
    }

    private BrokerConnection coordinator(Deadline deadline) throws ClientException {
        if (coordinator == null || !coordinator.isOpen()) {
            coordinator = cluster.transactionCoordinator(transactionalId, deadline);
            if (coordinator.feature("transaction.version") < TRANSACTION_VERSION) {
                throw ClientException.of("The cluster has transaction.version " + coordinator.feature("transaction.version") + ", "
                        + TRANSACTION_VERSION + " is needed (kafka-features.sh upgrade)", Errors.UNSUPPORTED_VERSION);
            }
        }
        return coordinator;
    }

    // ---- for Delivery

    @Override
    public Partitioner partitioner() {
        return partitioner;
    }

    @Override
    public String transactionalId() {
        return transactionalId;
    }

    @Override
    public ProducerIdentity identity(Deadline deadline) throws ClientException {
        if (identity == null) {
            if (sent) { // another identity would be another transaction
                throw ClientException.of("The transaction is not known to the broker any more", Errors.INVALID_PRODUCER_EPOCH);
            }
            identity = newIdentity(deadline);
        }
        sent = true;
        return identity;
    }

    private ProducerIdentity newIdentity(Deadline deadline) throws ClientException {
        try {
            BrokerConnection broker = coordinator(deadline);
            InitProducerIdRequestData request = new InitProducerIdRequestData().setTransactionalId(transactionalId).setTransactionTimeoutMs(timeoutMs)
                    .setProducerId(RecordBatch.NO_PRODUCER_ID).setProducerEpoch(RecordBatch.NO_PRODUCER_EPOCH);
            InitProducerIdResponseData answer = (InitProducerIdResponseData) broker.send(ApiKeys.INIT_PRODUCER_ID,
                    broker.version(ApiKeys.INIT_PRODUCER_ID, 4, 5), request).await(deadline);
            Errors error = Errors.forCode(answer.errorCode());
            if (error != Errors.NONE) {
                throw ClientException.of("No producer id for transactional id " + transactionalId + ": " + error.message(), error);
            }
            return new ProducerIdentity(answer.producerId(), answer.producerEpoch());
        } catch (ClientException e) {
            coordinator = null;
            throw e;
        }
    }

    /** The transaction is lost with it. */
    @Override
    public boolean renewIdentity() {
        return false;
    }
}
