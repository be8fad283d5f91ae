package org.milena.connector.client;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
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

    private final Cluster cluster;
    private final Partitioner partitioner = new Partitioner();
    private final TransactionalId id;
    private final int timeoutMs;
    private ProducerIdentity identity;
    private boolean sent;
    private ClientException doom;

    /** @param timeoutMs {@code transaction.timeout.ms}: how long one may last before the broker ends it */
    public Transaction(Cluster cluster, String transactionalId, int timeoutMs) {
        this.cluster = cluster;
        this.id = new TransactionalId(transactionalId);
        this.timeoutMs = timeoutMs;
    }

    /**
     * Sends within the transaction, which begins with it.
     *
     * @throws ClientException the transaction can only be rolled back now
     */
    public List<RecordMetadata> send(List<OutboundRecord> records) throws ClientException {
        checkNotDoomed();
        try {
            return new Delivery(cluster, this, deadline()).deliver(records);
        } catch (ClientException e) {
            doom = e;
            throw e;
        }
    }

    /**
     * Makes offsets of a group a part of the transaction: they hold once it is committed.
     *
     * @throws ClientException the transaction can only be rolled back now
     */
    public void sendOffsets(GroupMember member, Map<TopicPartition, GroupOffset> offsets) throws ClientException {
        checkNotDoomed();
        try {
            new GroupCommit(cluster, this, member, offsets).send(deadline());
        } catch (ClientException e) {
            doom = e;
            throw e;
        }
    }

    private void checkNotDoomed() throws ClientException {
        if (doom != null) {
            throw ClientException.of("The transaction can only be rolled back, since a send failed: " + doom.getMessage(), Errors.INVALID_TXN_STATE);
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
            id.ended(null); // the next InitProducerId rolls it back, or the broker's timeout
        }
    }

    private Deadline deadline() {
        return Deadline.after(cluster.config().deliveryTimeoutMs());
    }

    private void end(boolean commit) throws ClientException {
        sent = false;
        ProducerIdentity ending = identity;
        identity = null;
        if (ending == null) {
            if (commit) {
                throw ClientException.of("Rolled back: the broker does not know the transaction any more", Errors.INVALID_PRODUCER_EPOCH);
            }
            return;
        }
        EndTxnRequestData request = new EndTxnRequestData().setTransactionalId(id.name()).setProducerId(ending.id())
                .setProducerEpoch(ending.epoch()).setCommitted(commit);
        Deadline deadline = deadline();
        boolean unanswered = false;
        ClientException failure = null;
        for (int attempt = 0; !deadline.over(); attempt++) {
            try {
                BrokerConnection broker = id.coordinator(cluster, deadline);
                EndTxnResponseData answer = (EndTxnResponseData) broker.send(ApiKeys.END_TXN, broker.version(ApiKeys.END_TXN, 5, 5), request).await(deadline);
                Errors error = Errors.forCode(answer.errorCode());
                if (error == Errors.NONE) {
                    id.ended(new ProducerIdentity(answer.producerId(), answer.producerEpoch()));
                    return;
                }
                throw ClientException.of((commit ? "The commit" : "The rollback") + " was refused with " + error + ": " + error.message(), error);
            } catch (ClientException e) {
                unanswered |= e.outcomeUnknown();
                failure = e.orBefore(failure);
                if (!e.retriable()) {
                    throw unanswered ? e.withOutcomeUnknown() : e;
                }
                id.forgetCoordinator(cluster);
                deadline.pause(cluster.config().backoff(attempt));
            }
        }
        throw ClientException.timedOut(commit ? "The commit was not acknowledged" : "The rollback was not acknowledged", deadline, failure, unanswered);
    }

    // ---- for Delivery and GroupCommit

    @Override
    public Partitioner partitioner() {
        return partitioner;
    }

    @Override
    public String transactionalId() {
        return id.name();
    }

    @Override
    public ProducerIdentity identity(Deadline deadline) throws ClientException {
        if (identity == null) {
            if (sent) { // another identity would be another transaction
                throw ClientException.of("The transaction is not known to the broker any more", Errors.INVALID_PRODUCER_EPOCH);
            }
            identity = id.begin(cluster, timeoutMs, deadline);
        }
        sent = true;
        return identity;
    }

    /** The transaction is lost with it. */
    @Override
    public boolean renewIdentity() {
        return false;
    }
}
