package org.milena.broker.group;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.kafka.common.errors.UnstableOffsetCommitException;
import org.milena.broker.coordinator.CoordinatorRuntime;
import org.milena.broker.coordinator.Producer;
import org.milena.broker.coordinator.Result;

/**
 * An operation of a producer's transaction that somebody else's pending offset is in the way of. Often that is decided already and its marker
 * on the way, as when one record after the other is consumed in transactions of several producers: it is tried again when a transaction
 * ends, for a while.
 */
final class PatientWrite<T> {

    static final long PATIENCE_MS = 1_000;

    private final CoordinatorRuntime<GroupCoordinatorShard> runtime;
    private final int partition;
    private final Object scope;
    private final Producer producer;
    private final Function<GroupCoordinatorShard, Result<T>> operation;
    private final CompletableFuture<T> answer = new CompletableFuture<>();
    /** On the shard's thread only. */
    private long deadlineMs = -1;

    /** @param operation throws UnstableOffsetCommitException when something is in its way */
    PatientWrite(CoordinatorRuntime<GroupCoordinatorShard> runtime, int partition, Object scope, Producer producer,
                 Function<GroupCoordinatorShard, Result<T>> operation) {
        this.runtime = runtime;
        this.partition = partition;
        this.scope = scope;
        this.producer = producer;
        this.operation = operation;
    }

    CompletableFuture<T> run() {
        attempt();
        return answer;
    }

    private void attempt() {
        boolean[] waits = new boolean[1]; // of this attempt: the next may have begun when its failure is told
        runtime.writeTransactional(partition, scope, producer, shard -> tryIt(shard, waits)).whenComplete((value, error) -> {
            if (error == null) {
                answer.complete(value);
            } else if (!waits[0]) {
                answer.completeExceptionally(error);
            }
        });
    }

    private Result<T> tryIt(GroupCoordinatorShard shard, boolean[] waits) {
        try {
            return operation.apply(shard);
        } catch (UnstableOffsetCommitException e) {
            long nowMs = shard.context().clock().millis();
            deadlineMs = deadlineMs < 0 ? nowMs + PATIENCE_MS : deadlineMs;
            if (nowMs < deadlineMs) {
                waits[0] = true;
                shard.awaitEnd(PATIENCE_MS, this::attempt);
            }
            throw e;
        }
    }
}
