package org.milena.broker.handler.produce;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.log.TransactionGuard;
import org.milena.broker.log.validate.BatchCursor;
import org.milena.broker.network.RequestContext;
import org.milena.broker.replication.Partition;
import org.milena.broker.transaction.TransactionAdmission;

/**
 * Which partitions of one produce request begin a transaction, and what the transaction coordinator says to that (KIP-890). Used on the
 * connection's event loop only.
 */
final class TransactionAdmissions {

    /** The first version that carries TRANSACTION_ABORTABLE. */
    static final short ABORTABLE_SINCE = 11;
    /** The first version of transaction version 2: partitions are added by producing to them. */
    static final short ADDS_SINCE = 12;

    /** @param refused null: append, with the guard */
    record Admitted(TransactionGuard guard, ApiException refused) {
    }

    private final RequestContext context;
    private final String transactionalId;
    private final Map<TopicPartition, Admitted> outcome = new HashMap<>();
    private final Map<TopicPartition, TransactionGuard> asked = new HashMap<>();
    private long producerId = -1;
    private short producerEpoch = -1;

    TransactionAdmissions(RequestContext context, String transactionalId) {
        this.context = context;
        this.transactionalId = transactionalId;
    }

    /** Looks at what a partition is sent. What is no sound batch is left to the append to refuse. */
    void add(Partition partition, ByteBuffer records) {
        BatchCursor batch = new BatchCursor().reset(records);
        if (!batch.next() || batch.magic() != 2 || !batch.isTransactional() || !batch.hasProducerId()) {
            return;
        }
        if (producerId >= 0 && (batch.producerId() != producerId || batch.producerEpoch() != producerEpoch)) {
            throw new InvalidPidMappingException("Transactional records contained more than one producer ID");
        }
        producerId = batch.producerId();
        producerEpoch = batch.producerEpoch();
        try {
            TransactionGuard guard = partition.log().expectTransaction(producerId, producerEpoch, batch.baseSequence(), adds());
            if (guard != null) {
                asked.put(partition.topicPartition(), guard);
            }
        } catch (ApiException e) {
            outcome.put(partition.topicPartition(), new Admitted(null, e));
        }
    }

    private boolean adds() {
        return context.apiVersion() >= ADDS_SINCE;
    }

    boolean nothingToAsk() {
        return asked.isEmpty();
    }

    Map<TopicPartition, Admitted> outcome() {
        return outcome;
    }

    /** Asks, and tells {@code done} on the connection's event loop, never within this call. */
    void ask(TransactionAdmission admission, Consumer<Map<TopicPartition, Admitted>> done) {
        Collection<TopicPartition> partitions = asked.keySet();
        CompletableFuture<Map<TopicPartition, Errors>> answer;
        try {
            answer = admission.admit(transactionalId, producerId, producerEpoch, partitions, adds());
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        answer.whenComplete((errors, failure) -> context.executor().execute(() -> {
            Map<TopicPartition, Errors> all = failure == null ? errors : everywhere(partitions, Errors.forException(Errors.maybeUnwrapException(failure)));
            asked.forEach((tp, guard) -> outcome.put(tp, new Admitted(guard, refusal(all.getOrDefault(tp, Errors.INVALID_TXN_STATE)))));
            done.accept(outcome);
        }));
    }

    private static Map<TopicPartition, Errors> everywhere(Collection<TopicPartition> partitions, Errors error) {
        Map<TopicPartition, Errors> all = new HashMap<>();
        partitions.forEach(tp -> all.put(tp, error));
        return all;
    }

    /** What producers of this version understand; null for NONE. They retry NOT_ENOUGH_REPLICAS, all of them, and without new metadata. */
    private ApiException refusal(Errors error) {
        return switch (error) {
            case NONE -> null;
            case PRODUCER_FENCED -> Errors.INVALID_PRODUCER_EPOCH.exception();
            case INVALID_TXN_STATE -> notAdded();
            case TRANSACTION_ABORTABLE -> context.apiVersion() < ABORTABLE_SINCE ? notAdded() : error.exception();
            case CONCURRENT_TRANSACTIONS -> adds() ? error.exception() : unverified(error);
            case NETWORK_EXCEPTION, COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR -> unverified(error);
            default -> error.exception();
        };
    }

    private static ApiException notAdded() {
        return Errors.INVALID_TXN_STATE.exception("Partition was not added to the transaction");
    }

    private static ApiException unverified(Errors error) {
        return new NotEnoughReplicasException("Unable to verify the partition has been added to the transaction. Underlying error: " + error);
    }
}
