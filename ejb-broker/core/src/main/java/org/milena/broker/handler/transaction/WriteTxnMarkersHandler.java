package org.milena.broker.handler.transaction;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData.WritableTxnMarker;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData.WritableTxnMarkerPartitionResult;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData.WritableTxnMarkerResult;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData.WritableTxnMarkerTopicResult;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.transaction.TransactionCoordinator;

/** WriteTxnMarkers v1-2, for clients: {@code kafka-transactions abort} ends what no coordinator knows any more (KIP-664). */
public final class WriteTxnMarkersHandler implements RequestHandler<WriteTxnMarkersRequestData> {

    private final TransactionCoordinator coordinator;

    public WriteTxnMarkersHandler(TransactionCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, WriteTxnMarkersRequestData request) {
        List<CompletableFuture<WritableTxnMarkerResult>> results = request.markers().stream().map(this::write).toList();
        Replies.reply(context, CompletableFuture.allOf(results.toArray(CompletableFuture[]::new)), done ->
                new WriteTxnMarkersResponseData().setMarkers(results.stream().map(CompletableFuture::join).toList()));
    }

    private CompletableFuture<WritableTxnMarkerResult> write(WritableTxnMarker marker) {
        List<TopicPartition> partitions = new ArrayList<>();
        marker.topics().forEach(topic -> topic.partitionIndexes().forEach(index -> partitions.add(new TopicPartition(topic.name(), index))));
        return coordinator.writeMarkers(marker.producerId(), marker.producerEpoch(), marker.coordinatorEpoch(), marker.transactionResult(),
                marker.transactionVersion(), partitions).thenApply(errors -> result(marker, errors));
    }

    private static WritableTxnMarkerResult result(WritableTxnMarker marker, Map<TopicPartition, Errors> errors) {
        WritableTxnMarkerResult result = new WritableTxnMarkerResult().setProducerId(marker.producerId());
        marker.topics().forEach(topic -> result.topics().add(new WritableTxnMarkerTopicResult().setName(topic.name()).setPartitions(
                topic.partitionIndexes().stream().map(index -> new WritableTxnMarkerPartitionResult().setPartitionIndex(index)
                        .setErrorCode(errors.get(new TopicPartition(topic.name(), index)).code())).toList())));
        return result;
    }
}
