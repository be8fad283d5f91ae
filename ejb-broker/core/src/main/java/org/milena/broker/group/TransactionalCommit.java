package org.milena.broker.group;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.coordinator.CoordinatorRuntime;
import org.milena.broker.coordinator.Producer;
import org.milena.broker.group.record.GroupRecord.Scope;
import org.milena.broker.log.TransactionGuard;
import org.milena.broker.transaction.TransactionAdmission;

/** One TxnOffsetCommit on its way: confirmed by the transaction coordinator unless the transaction is open here already, then written. */
final class TransactionalCommit {

    /** The first version that carries TRANSACTION_ABORTABLE. */
    private static final short ABORTABLE_SINCE = 4;
    /** The first version of transaction version 2: the group is added by committing to it. */
    private static final short ADDS_SINCE = 5;

    private final CoordinatorRuntime<GroupCoordinatorShard> runtime;
    private final RequestInfo info;
    private final TxnOffsetCommitRequestData request;

    TransactionalCommit(CoordinatorRuntime<GroupCoordinatorShard> runtime, RequestInfo info, TxnOffsetCommitRequestData request) {
        this.runtime = runtime;
        this.info = info;
        this.request = request;
    }

    CompletableFuture<TxnOffsetCommitResponseData> run(int partition, TransactionAdmission admission) {
        try {
            boolean adds = info.apiVersion() >= ADDS_SINCE;
            TransactionGuard guard = runtime.expectTransaction(partition, request.producerId(), request.producerEpoch(), adds);
            if (guard == null) {
                return write(partition, null);
            }
            TopicPartition tp = new TopicPartition(OffsetsTopic.NAME, partition);
            return admission.admit(request.transactionalId(), request.producerId(), request.producerEpoch(), List.of(tp), adds)
                    .thenCompose(errors -> admitted(partition, guard, errors, tp));
        } catch (ApiException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletableFuture<TxnOffsetCommitResponseData> admitted(int partition, TransactionGuard guard, Map<TopicPartition, Errors> errors,
                                                                    TopicPartition tp) {
        Errors error = errors.getOrDefault(tp, Errors.INVALID_TXN_STATE);
        return error == Errors.NONE ? write(partition, guard) : CompletableFuture.failedFuture(error.exception());
    }

    private CompletableFuture<TxnOffsetCommitResponseData> write(int partition, TransactionGuard guard) {
        Producer producer = new Producer(request.producerId(), request.producerEpoch(), guard);
        return new PatientWrite<>(runtime, partition, Scope.members(request.groupId()), producer, shard -> shard.commit(info, request)).run();
    }

    /** What clients of this version understand. */
    static Errors told(Errors error, short version) {
        return switch (error) {
            case PRODUCER_FENCED -> Errors.INVALID_PRODUCER_EPOCH;
            case TRANSACTION_ABORTABLE -> version < ABORTABLE_SINCE ? Errors.INVALID_TXN_STATE : error;
            case CONCURRENT_TRANSACTIONS -> version < ADDS_SINCE ? Errors.COORDINATOR_LOAD_IN_PROGRESS : error;
            // Somebody else's offset is in doubt there: this transaction cannot go on, its producer can.
            case UNSTABLE_OFFSET_COMMIT -> version < ABORTABLE_SINCE ? Errors.ILLEGAL_GENERATION : Errors.TRANSACTION_ABORTABLE;
            case NETWORK_EXCEPTION -> Errors.COORDINATOR_LOAD_IN_PROGRESS;
            case MESSAGE_TOO_LARGE -> Errors.INVALID_COMMIT_OFFSET_SIZE;
            default -> error;
        };
    }
}
