package org.milena.connector.client;

import java.util.regex.Pattern;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.message.ListTransactionsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.RecordBatch;

/**
 * Open transactions of processes that had this one's name before it. InitProducerId rolls them back; one that is prepared is refused to it and
 * stays.
 *
 * @param process this one, whose transactional ids begin with its {@link ServerProcess#prefix}
 */
record Predecessors(ServerProcess process) {

    private static final System.Logger LOG = System.getLogger(Predecessors.class.getName());

    /** @throws ClientException not all brokers could be asked */
    void rollBack(Cluster cluster) throws ClientException {
        Deadline deadline = Deadline.after(cluster.config().requestTimeoutMs());
        for (int node : cluster.nodeIds(deadline)) {
            BrokerConnection broker = cluster.node(node, deadline);
            ListTransactionsRequestData request = new ListTransactionsRequestData().setTransactionalIdPattern(Pattern.quote(process.server() + ResourceManager.SEPARATOR) + ".*");
            request.stateFilters().add("Ongoing");
            ListTransactionsResponseData answer = (ListTransactionsResponseData) broker.send(ApiKeys.LIST_TRANSACTIONS,
                    broker.version(ApiKeys.LIST_TRANSACTIONS, 2, 2), request).await(deadline);
            Errors error = Errors.forCode(answer.errorCode());
            if (error != Errors.NONE) {
                throw ClientException.of("Transactions can't be listed: " + error.message(), error);
            }
            for (ListTransactionsResponseData.TransactionState open : answer.transactionStates()) {
                String id = open.transactionalId();
                if (process.succeeds(id)) {
                    rollBack(broker, id, deadline);
                }
            }
        }
    }

    private static void rollBack(BrokerConnection broker, String id, Deadline deadline) throws ClientException {
        InitProducerIdRequestData request = new InitProducerIdRequestData().setTransactionalId(id).setTransactionTimeoutMs(1_000)
                .setProducerId(RecordBatch.NO_PRODUCER_ID).setProducerEpoch(RecordBatch.NO_PRODUCER_EPOCH);
        InitProducerIdResponseData answer = (InitProducerIdResponseData) broker.send(ApiKeys.INIT_PRODUCER_ID,
                broker.version(ApiKeys.INIT_PRODUCER_ID, 4, 5), request).await(deadline);
        // CONCURRENT_TRANSACTIONS: it is being rolled back, or is prepared.
        LOG.log(System.Logger.Level.INFO, "Transaction {0}, left open by a process that is gone, is ended unless it is prepared: {1}", id,
                Errors.forCode(answer.errorCode()));
    }
}
