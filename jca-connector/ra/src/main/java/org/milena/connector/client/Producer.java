package org.milena.connector.client;

import java.util.List;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordMetadata;

/**
 * An idempotent producer without transactions: sends, and waits until what it sent is acknowledged by all in-sync replicas. Used by one
 * thread at a time.
 */
public final class Producer implements BatchOwner {

    private final Cluster cluster;
    private final Partitioner partitioner = new Partitioner();
    private ProducerIdentity identity;

    public Producer(Cluster cluster) {
        this.cluster = cluster;
    }

    /**
     * Sends the records, those of a partition in their order, and waits for all of them, at most {@code delivery.timeout.ms}.
     *
     * @return where each is, in the order of {@code records}
     * @throws ClientException      with {@link ClientException#results()} when there was more than one
     * @throws IllegalArgumentException a record can't be sent to anybody; none was
     */
    public List<RecordMetadata> send(List<OutboundRecord> records) throws ClientException {
        return new Delivery(cluster, this, Deadline.after(cluster.config().deliveryTimeoutMs())).deliver(records);
    }

    @Override
    public Partitioner partitioner() {
        return partitioner;
    }

    @Override
    public String transactionalId() {
        return null;
    }

    @Override
    public ProducerIdentity identity(Deadline deadline) throws ClientException {
        if (identity == null) {
            identity = newIdentity(deadline);
        }
        return identity;
    }

    @Override
    public boolean renewIdentity() {
        identity = null;
        return true;
    }

    private ProducerIdentity newIdentity(Deadline deadline) throws ClientException {
        BrokerConnection broker = cluster.any(deadline);
        InitProducerIdRequestData request = new InitProducerIdRequestData().setTransactionalId(null).setTransactionTimeoutMs(Integer.MAX_VALUE)
                .setProducerId(RecordBatch.NO_PRODUCER_ID).setProducerEpoch(RecordBatch.NO_PRODUCER_EPOCH);
        InitProducerIdResponseData answer = (InitProducerIdResponseData) broker.send(ApiKeys.INIT_PRODUCER_ID,
                broker.version(ApiKeys.INIT_PRODUCER_ID, 4, 5), request).await(deadline);
        Errors error = Errors.forCode(answer.errorCode());
        if (error != Errors.NONE) {
            throw ClientException.of("No producer id: " + error.message(), error);
        }
        return new ProducerIdentity(answer.producerId(), answer.producerEpoch());
    }
}
