package org.milena.broker.handler.transaction;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTransaction;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnResult;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.AddPartitionsToTxnRequest;
import org.apache.kafka.common.requests.AddPartitionsToTxnResponse;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.transaction.TransactionCoordinator;

/**
 * AddPartitionsToTxn v0-5: one transaction up to version 3, which is what clients send; several, and questions whether partitions
 * are part of one (VerifyOnly), from version 4 on, which is what brokers send.
 */
public final class AddPartitionsToTxnHandler implements RequestHandler<AddPartitionsToTxnRequestData> {

    private static final short KNOWS_FENCED = 2;
    private static final short BATCHED = 4;

    private final TransactionCoordinator coordinator;
    private final Supplier<MetadataImage> metadata;

    public AddPartitionsToTxnHandler(TransactionCoordinator coordinator, Supplier<MetadataImage> metadata) {
        this.coordinator = coordinator;
        this.metadata = metadata;
    }

    @Override
    public void handle(RequestContext context, AddPartitionsToTxnRequestData data) {
        short version = context.apiVersion();
        AddPartitionsToTxnRequest request = new AddPartitionsToTxnRequest(data, version);
        AddPartitionsToTxnRequest normal = version < BATCHED ? request.normalizeRequest() : request;
        List<CompletableFuture<AddPartitionsToTxnResult>> results = new ArrayList<>();
        for (AddPartitionsToTxnTransaction transaction : normal.data().transactions()) {
            List<TopicPartition> partitions = AddPartitionsToTxnRequest.getPartitions(transaction.topics());
            results.add(errors(transaction, partitions, version)
                    .thenApply(errors -> AddPartitionsToTxnResponse.resultForTransaction(transaction.transactionalId(), errors)));
        }
        Replies.reply(context, CompletableFuture.allOf(results.toArray(CompletableFuture[]::new)),
                done -> response(results.stream().map(CompletableFuture::join).toList(), version));
    }

    private static ApiMessage response(List<AddPartitionsToTxnResult> results, short version) {
        AddPartitionsToTxnResponseData response = new AddPartitionsToTxnResponseData();
        if (version < BATCHED) {
            results.forEach(result -> response.setResultsByTopicV3AndBelow(result.topicResults()));
        } else {
            results.forEach(response.resultsByTransaction()::add);
        }
        return response;
    }

    private CompletableFuture<Map<TopicPartition, Errors>> errors(AddPartitionsToTxnTransaction transaction, List<TopicPartition> partitions,
                                                                  short version) {
        Map<TopicPartition, Errors> unknown = new HashMap<>();
        partitions.stream().filter(partition -> !exists(partition)).forEach(p -> unknown.put(p, Errors.UNKNOWN_TOPIC_OR_PARTITION));
        if (!unknown.isEmpty()) {
            // All or none.
            partitions.forEach(partition -> unknown.putIfAbsent(partition, Errors.OPERATION_NOT_ATTEMPTED));
            return CompletableFuture.completedFuture(unknown);
        }
        if (transaction.verifyOnly()) {
            return coordinator.verify(transaction.transactionalId(), transaction.producerId(), transaction.producerEpoch(), partitions);
        }
        return coordinator.addPartitions(transaction.transactionalId(), transaction.producerId(), transaction.producerEpoch(), partitions,
                (short) (version >= BATCHED ? 2 : 0)).thenApply(error -> {
                    Map<TopicPartition, Errors> all = new HashMap<>();
                    partitions.forEach(p -> all.put(p, Errors.forCode(Replies.code(error, version >= KNOWS_FENCED))));
                    return all;
                });
    }

    private boolean exists(TopicPartition partition) {
        TopicImage topic = metadata.get().topic(partition.topic());
        return topic != null && partition.partition() >= 0 && partition.partition() < topic.partitions().size();
    }
}
