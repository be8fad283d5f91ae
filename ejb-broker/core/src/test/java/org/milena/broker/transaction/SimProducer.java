package org.milena.broker.transaction;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.protocol.Errors;

/**
 * A transactional producer as the simulation drives it: one request under way at a time, repeated when its answer is lost. What it
 * was told goes into {@link Truth}.
 */
final class SimProducer extends SimClient {

    /** What clients sent and were told, to hold the coordinator to it. */
    static final class Truth {
        final Set<String> commitSent = new HashSet<>();
        final Set<String> committed = new HashSet<>();
        final Set<String> aborted = new HashSet<>();
        /** Transaction → partitions that acknowledged its records. */
        final Map<String, Set<TopicPartition>> acknowledged = new HashMap<>();
        int transactions;
    }

    private enum Phase { OUT, READY, OPEN, ENDING }

    private final Truth truth;
    private final String id;
    private final short version;
    private Phase phase = Phase.OUT;
    private long producerId = -1;
    private short epoch = -1;
    private String transaction;
    private List<TopicPartition> todo = List.of();
    private boolean commit;
    int finished;

    SimProducer(SimCluster cluster, Random random, Truth truth, String id, short version) {
        super(cluster, random, version >= 2);
        this.truth = truth;
        this.id = id;
        this.version = version;
    }

    /** The process dies, and another one starts. */
    void crash() {
        giveUp();
        phase = Phase.OUT;
        producerId = -1;
        epoch = -1;
    }

    void step() {
        if (isWaiting()) {
            return;
        }
        switch (phase) {
            case OUT -> init();
            case READY -> begin();
            case OPEN -> {
                if (todo.isEmpty()) {
                    commit = random.nextInt(4) > 0;
                    phase = Phase.ENDING;
                    end();
                } else {
                    produce(todo.get(0));
                }
            }
            case ENDING -> end();
        }
    }

    private void init() {
        call(() -> cluster.coordinator().initProducerId(TransactionFixture.initRequest(id, producerId, epoch)), answer -> {
            Errors error = Errors.forCode(answer.errorCode());
            if (error == Errors.NONE) {
                producerId = answer.producerId();
                epoch = answer.producerEpoch();
                phase = Phase.READY;
            } else {
                failed(error);
            }
        });
    }

    private void begin() {
        transaction = id + "-" + ++truth.transactions;
        List<TopicPartition> partitions = new ArrayList<>(SimCluster.PARTITIONS);
        java.util.Collections.shuffle(partitions, random);
        todo = new ArrayList<>(partitions.subList(0, 1 + random.nextInt(3)));
        phase = Phase.OPEN;
    }

    private void produce(TopicPartition partition) {
        // Values as they are now: the request may arrive when this producer is long somebody else.
        long sentId = producerId;
        short sentEpoch = epoch;
        String sentIn = transaction;
        call(() -> version >= 2 ? append(partition, sentId, sentEpoch, sentIn)
                : cluster.coordinator().addPartitions(id, sentId, sentEpoch, Set.of(partition), version).thenCompose(error ->
                        error != Errors.NONE ? CompletableFuture.completedFuture(error) : append(partition, sentId, sentEpoch, sentIn)), error -> {
            if (error == Errors.NONE) {
                truth.acknowledged.computeIfAbsent(sentIn, t -> new HashSet<>()).add(partition);
                todo.remove(partition);
            } else {
                failed(error);
            }
        });
    }

    private CompletableFuture<Errors> append(TopicPartition partition, long sentId, short sentEpoch, String sentIn) {
        return append(cluster, id, version, partition, sentId, sentEpoch, sentIn);
    }

    /** As the produce path does it. */
    static CompletableFuture<Errors> append(SimCluster cluster, String id, short version, TopicPartition partition, long sentId, short sentEpoch,
                                            String sentIn) {
        if (cluster.partitions.holds(partition, sentId, sentIn)) {
            return CompletableFuture.completedFuture(cluster.partitions.append(partition, sentId, sentEpoch, sentIn, cluster.partitions.guard(partition, sentId)));
        }
        int guard = cluster.partitions.guard(partition, sentId);
        return cluster.coordinator().admit(id, sentId, sentEpoch, Set.of(partition), version >= 2).thenApply(errors ->
                errors.get(partition) != Errors.NONE ? errors.get(partition)
                        : cluster.partitions.append(partition, sentId, sentEpoch, sentIn, guard));
    }

    private void end() {
        EndTxnRequestData request = new EndTxnRequestData().setTransactionalId(id).setProducerId(producerId).setProducerEpoch(epoch).setCommitted(commit);
        String ended = transaction;
        if (commit) {
            truth.commitSent.add(ended);
        }
        call(() -> cluster.coordinator().endTransaction(request, version), answer -> {
            Errors error = Errors.forCode(answer.errorCode());
            if (error == Errors.NONE) {
                (commit ? truth.committed : truth.aborted).add(ended);
                finished++;
                phase = Phase.READY;
                if (version >= 2) {
                    producerId = answer.producerId();
                    epoch = answer.producerEpoch();
                }
            } else {
                failed(error);
            }
        });
    }

    /** What a producer does about an error: again, or from the beginning. */
    private void failed(Errors error) {
        switch (error) {
            case CONCURRENT_TRANSACTIONS, COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR, NOT_ENOUGH_REPLICAS -> { }
            case PRODUCER_FENCED, INVALID_PRODUCER_EPOCH, INVALID_PRODUCER_ID_MAPPING, INVALID_TXN_STATE, TRANSACTION_ABORTABLE -> crash();
            default -> throw new AssertionError("A producer does not expect " + error);
        }
    }
}
