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
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.TransactionCoordinatorFencedException;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.group.SimWorld;

/** Partitions that keep Kafka's rules for transactional producers, and say of every transaction what a read_committed consumer sees. */
final class SimPartitions implements TransactionMarkers, TransactionDurability {

    enum Outcome { OPEN, COMMITTED, ABORTED }

    /** What a partition knows of a producer. */
    private static final class State {
        short epoch = -1;
        /** Being prepared: no more records. */
        boolean sealed;
        int coordinatorEpoch = -1;
        /** The transactions (one, if all goes well) whose records lie behind the last marker. */
        final Set<String> open = new HashSet<>();
        /** Number of the last transaction that wrote: what sequence numbers are in life, late copies of older records are known by it. */
        int lastTransaction;
        /** Counts markers: records admitted before one do not come in behind it. */
        int markers;
    }

    private final SimWorld world;
    private final Random random;
    private final Map<TopicPartition, Map<Long, State>> states = new HashMap<>();
    private final Map<TopicPartition, Map<String, Outcome>> outcomes = new HashMap<>();
    /** When a partition's last marker write arrives: they keep their order. */
    private final Map<TopicPartition, Long> lastArrival = new HashMap<>();
    boolean faulty = true;

    SimPartitions(SimWorld world, Random random) {
        this.world = world;
        this.random = random;
    }

    private State state(TopicPartition partition, long producerId) {
        return states.computeIfAbsent(partition, p -> new HashMap<>()).computeIfAbsent(producerId, id -> new State());
    }

    /** Taken before the coordinator is asked; see {@link #append}. */
    int guard(TopicPartition partition, long producerId) {
        return state(partition, producerId).markers;
    }

    boolean holds(TopicPartition partition, long producerId, String transaction) {
        return state(partition, producerId).open.contains(transaction);
    }

    /** Writes a record of a transaction that the coordinator has admitted; its name ends with its number, which grows. */
    Errors append(TopicPartition partition, long producerId, short epoch, String transaction, int guard) {
        State state = state(partition, producerId);
        int number = Integer.parseInt(transaction.substring(transaction.lastIndexOf('-') + 1));
        boolean late = number < state.lastTransaction || number == state.lastTransaction && !state.open.contains(transaction);
        if (epoch < state.epoch || late) {
            return Errors.INVALID_PRODUCER_EPOCH;
        }
        if (state.sealed && state.open.contains(transaction)) {
            return Errors.INVALID_TXN_STATE;
        }
        if (guard != state.markers) {
            return Errors.NOT_ENOUGH_REPLICAS; // a marker came in between: ask again
        }
        state.epoch = epoch;
        state.lastTransaction = number;
        state.open.add(transaction);
        outcomes.computeIfAbsent(partition, p -> new HashMap<>()).put(transaction, Outcome.OPEN);
        return Errors.NONE;
    }

    @Override
    public CompletableFuture<Void> write(TopicPartition partition, long producerId, short producerEpoch, int coordinatorEpoch,
                                         boolean commit, short transactionVersion, boolean flushed) {
        CompletableFuture<Void> future = new CompletableFuture<>();
        long arrival = Math.max(world.millis() + random.nextInt(300), lastArrival.getOrDefault(partition, 0L));
        lastArrival.put(partition, arrival);
        world.schedule(arrival - world.millis(), () -> {
            if (faulty && random.nextInt(5) == 0) {
                future.completeExceptionally(new NotLeaderOrFollowerException("not now"));
                return;
            }
            try {
                mark(partition, producerId, producerEpoch, coordinatorEpoch, commit, transactionVersion);
            } catch (RuntimeException e) {
                future.completeExceptionally(e);
                return;
            }
            if (faulty && random.nextInt(5) == 0) {
                future.completeExceptionally(new NotLeaderOrFollowerException("written, but who knows"));
            } else {
                future.complete(null);
            }
        });
        return future;
    }

    private void mark(TopicPartition partition, long producerId, short epoch, int coordinatorEpoch, boolean commit, short version) {
        State state = state(partition, producerId);
        if (coordinatorEpoch < state.coordinatorEpoch) {
            throw new TransactionCoordinatorFencedException(coordinatorEpoch + " after " + state.coordinatorEpoch);
        }
        boolean tooOld = version >= 2 && !state.open.isEmpty() ? epoch <= state.epoch : epoch < state.epoch;
        if (tooOld) {
            throw new InvalidProducerEpochException("marker of epoch " + epoch + " after " + state.epoch);
        }
        state.epoch = epoch;
        state.coordinatorEpoch = coordinatorEpoch;
        state.markers++;
        state.open.forEach(transaction -> outcomes.get(partition).put(transaction, commit ? Outcome.COMMITTED : Outcome.ABORTED));
        state.open.clear();
        state.sealed = false;
    }

    @Override
    public CompletableFuture<Set<BranchContent>> secure(TopicPartition partition, long producerId, short producerEpoch) {
        return later(() -> {
            State state = state(partition, producerId);
            if (state.open.isEmpty() || state.epoch != producerEpoch) {
                throw new InvalidTxnStateException("not open in " + partition);
            }
            state.sealed = true;
        }).thenApply(flushed -> Set.of());
    }

    @Override
    public CompletableFuture<Void> flushState(int partition) {
        return later(() -> { });
    }

    /** A flush takes its time, and may fail. */
    private CompletableFuture<Void> later(Runnable judged) {
        CompletableFuture<Void> future = new CompletableFuture<>();
        try {
            judged.run();
        } catch (RuntimeException e) {
            future.completeExceptionally(e);
            return future;
        }
        world.schedule(random.nextInt(100), () -> {
            if (faulty && random.nextInt(10) == 0) {
                future.completeExceptionally(new KafkaStorageException("no flush now"));
            } else {
                future.complete(null);
            }
        });
        return future;
    }

    /** Of a transaction, in all partitions that hold records of it. */
    Map<TopicPartition, Outcome> outcomes(String transaction) {
        Map<TopicPartition, Outcome> found = new HashMap<>();
        outcomes.forEach((partition, all) -> {
            if (all.containsKey(transaction)) {
                found.put(partition, all.get(transaction));
            }
        });
        return found;
    }

    List<String> transactions() {
        Set<String> all = new HashSet<>();
        outcomes.values().forEach(partition -> all.addAll(partition.keySet()));
        return new ArrayList<>(all);
    }
}
