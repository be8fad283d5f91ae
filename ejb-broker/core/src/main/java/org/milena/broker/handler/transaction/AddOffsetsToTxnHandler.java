package org.milena.broker.handler.transaction;

import java.util.List;
import java.util.function.ToIntFunction;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.AddOffsetsToTxnRequestData;
import org.apache.kafka.common.message.AddOffsetsToTxnResponseData;
import org.milena.broker.group.OffsetsTopic;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.transaction.TransactionCoordinator;

/** AddOffsetsToTxn v0-4: the offsets of a group become part of the transaction. */
public final class AddOffsetsToTxnHandler implements RequestHandler<AddOffsetsToTxnRequestData> {

    private static final short KNOWS_FENCED = 2;

    private final TransactionCoordinator coordinator;
    private final ToIntFunction<String> groupPartition;

    /** @param groupPartition the partition of {@code __consumer_offsets} that holds a group */
    public AddOffsetsToTxnHandler(TransactionCoordinator coordinator, ToIntFunction<String> groupPartition) {
        this.coordinator = coordinator;
        this.groupPartition = groupPartition;
    }

    @Override
    public void handle(RequestContext context, AddOffsetsToTxnRequestData request) {
        TopicPartition offsets = new TopicPartition(OffsetsTopic.NAME, groupPartition.applyAsInt(request.groupId()));
        Replies.reply(context, coordinator.addPartitions(request.transactionalId(), request.producerId(), request.producerEpoch(),
                List.of(offsets), (short) 0), error ->
                new AddOffsetsToTxnResponseData().setErrorCode(Replies.code(error, context.apiVersion() >= KNOWS_FENCED)));
    }
}
