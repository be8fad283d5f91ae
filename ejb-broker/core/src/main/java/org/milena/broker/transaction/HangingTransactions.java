package org.milena.broker.transaction;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;

/**
 * Ends the transactions that nobody else will (Kafka's hanging transactions, KIP-664): a power cut left their records in a partition, and took from their
 * coordinator that they were open, or from the partition the marker. So records may get to the disk before it is there that their transaction is open.
 */
public final class HangingTransactions {

    private static final System.Logger LOG = System.getLogger(HangingTransactions.class.getName());

    /**
     * A transaction that was found open in a partition when that was loaded, and whose coordinator has not been heard of since.
     *
     * @param producerEpoch of its records
     */
    public record Unconfirmed(TopicPartition partition, long producerId, short producerEpoch) {
    }

    /** The partitions that this broker leads, those of {@code __consumer_offsets} included. */
    public interface Partitions {

        /** Never blocks. */
        List<Unconfirmed> unconfirmed();

        /**
         * Writes a marker in the epoch after that of the records; never blocks.
         *
         * @return completed once the marker is on disk; exceptionally: it was confirmed or ended meanwhile, or tried again later
         */
        CompletableFuture<Void> end(Unconfirmed hanging, boolean commit);
    }

    /** What becomes of it. */
    enum Fate {
        /** Its coordinator ends it. */
        KNOWN,
        /** All partitions but this one have been told so. */
        COMMITTED
    }

    private final TransactionCoordinator coordinator;
    private final Partitions partitions;
    private final AtomicBoolean underWay = new AtomicBoolean();

    public HangingTransactions(TransactionCoordinator coordinator, Partitions partitions) {
        this.coordinator = coordinator;
        this.partitions = partitions;
    }

    /** Asks all coordinators about what is unconfirmed, and ends what hangs. Called again and again; any thread; never blocks. */
    public void check() {
        List<Unconfirmed> found = partitions.unconfirmed();
        if (!found.isEmpty() && underWay.compareAndSet(false, true)) {
            coordinator.fates(found).thenCompose(fates -> end(found, fates)).whenComplete((done, error) -> {
                underWay.set(false);
                if (error != null) {
                    LOG.log(Level.DEBUG, "Whether " + found.size() + " transactions hang cannot be said yet", error);
                }
            });
        }
    }

    private CompletionStage<Void> end(List<Unconfirmed> found, Map<Unconfirmed, Fate> fates) {
        return CompletableFuture.allOf(found.stream().filter(each -> fates.get(each) != Fate.KNOWN)
                .map(each -> end(each, fates.get(each) == Fate.COMMITTED)).toArray(CompletableFuture[]::new));
    }

    private CompletableFuture<Void> end(Unconfirmed hanging, boolean commit) {
        return partitions.end(hanging, commit).handle((done, error) -> {
            if (error == null) {
                LOG.log(Level.WARNING, "A transaction of producer {0}, epoch {1}, hung in {2}, as after a power cut: its coordinator {3}, and so it is now",
                        String.valueOf(hanging.producerId()), hanging.producerEpoch(), hanging.partition(),
                        commit ? "has committed it" : "does not know it any more, it counts as aborted");
            } else {
                LOG.log(Level.DEBUG, "The transaction of producer " + hanging.producerId() + " in " + hanging.partition() + " was not ended", Errors.maybeUnwrapException(error));
            }
            return null;
        });
    }

    /** What a transactional id's state says; null: nothing. */
    static Fate fate(TransactionMetadata transaction, Unconfirmed of) {
        boolean current = transaction.producerId() == of.producerId();
        boolean next = current && transaction.producerEpoch() == of.producerEpoch() + 1;
        if (current && (transaction.producerEpoch() == of.producerEpoch() || next && transaction.state().isDecided())
                && transaction.partitions().contains(of.partition())) {
            return Fate.KNOWN;
        }
        boolean overflown = transaction.previousProducerId() == of.producerId() && transaction.producerEpoch() == 0
                && of.producerEpoch() == Short.MAX_VALUE - 1;
        boolean committed = transaction.state() == TransactionState.COMPLETE_COMMIT
                && transaction.clientTransactionVersion() >= TransactionMetadata.EPOCH_BUMP;
        return committed && (next || overflown) ? Fate.COMMITTED : null;
    }
}
