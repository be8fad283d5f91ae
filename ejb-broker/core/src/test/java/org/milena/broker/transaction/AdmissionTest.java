package org.milena.broker.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.transaction.TransactionFixture.A;
import static org.milena.broker.transaction.TransactionFixture.B;
import static org.milena.broker.transaction.TransactionFixture.ID;
import static org.milena.broker.transaction.TransactionFixture.V0;
import static org.milena.broker.transaction.TransactionFixture.V2;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.milena.broker.transaction.TransactionFixture.Producer;

/** What the partitions ask before the first records of a transaction (KIP-890). */
class AdmissionTest {

    private final TransactionFixture f = new TransactionFixture();
    private final Producer p = f.init();

    private CompletableFuture<Map<TopicPartition, Errors>> admitLater(Producer producer, TopicPartition partition) {
        var admitted = f.coordinator.admit(ID, producer.id(), producer.epoch(), Set.of(partition), true);
        f.world.run();
        return admitted;
    }

    @Test
    void withVersion2TheFirstRecordsBeginTheTransaction() {
        assertThat(f.admit(p, true, A)).isEqualTo(Map.of(A, Errors.NONE));
        assertThat(f.stateName()).isEqualTo(TransactionState.ONGOING);
        assertThat(f.admit(p, true, A, B)).isEqualTo(Map.of(A, Errors.NONE, B, Errors.NONE));
        assertThat(f.state().partitions()).isEqualTo(Set.of(A, B));
        f.restart();
        assertThat(f.state().partitions()).as("durably").isEqualTo(Set.of(A, B));
    }

    @Test
    void olderClientsMustHaveAddedThePartition() {
        assertThat(f.admit(p, false, A)).isEqualTo(Map.of(A, Errors.TRANSACTION_ABORTABLE));
        f.add(p, V0, A);
        assertThat(f.admit(p, false, A, B)).isEqualTo(Map.of(A, Errors.NONE, B, Errors.TRANSACTION_ABORTABLE));
        assertThat(f.admit(p.plus(1), false, A)).isEqualTo(Map.of(A, Errors.PRODUCER_FENCED));
        assertThat(f.admit(new Producer(Errors.NONE, 7, (short) 0), false, A)).isEqualTo(Map.of(A, Errors.INVALID_PRODUCER_ID_MAPPING));
        f.markers.stalled = true;
        f.end(p, true, V0);
        assertThat(f.admit(p, false, A)).isEqualTo(Map.of(A, Errors.CONCURRENT_TRANSACTIONS));
        f.markers.resume();
        assertThat(f.admit(p, false, A)).isEqualTo(Map.of(A, Errors.TRANSACTION_ABORTABLE));
    }

    @Test
    void aVerdictWaitsForWhatItRestsOn() {
        f.log.stall();
        var added = f.coordinator.addPartitions(ID, p.id(), p.epoch(), Set.of(A), V0);
        var verified = f.coordinator.admit(ID, p.id(), p.epoch(), Set.of(A), false);
        f.world.run();
        assertThat(added).isNotDone();
        assertThat(verified).isNotDone();
        f.log.resume();
        assertThat(f.world.get(verified)).isEqualTo(Map.of(A, Errors.NONE));
    }

    /** The client sends the next transaction's records to many partitions at once: none of them waits for another's record. */
    @Test
    void partitionsAreAddedSideBySide() {
        f.log.stall();
        var a = admitLater(p, A);
        var b = admitLater(p, B);
        assertThat(a).isNotDone();
        assertThat(b).isNotDone();
        f.log.resume();
        assertThat(f.world.get(a)).isEqualTo(Map.of(A, Errors.NONE));
        assertThat(f.world.get(b)).isEqualTo(Map.of(B, Errors.NONE));
        assertThat(f.state().partitions()).isEqualTo(Set.of(A, B));
    }

    @Test
    void theNextTransactionWaitsForTheEndOfTheLast() {
        f.admit(p, true, A);
        f.markers.stalled = true;
        f.end(p, true, V2);
        var next = admitLater(p.plus(1), A);
        var same = admitLater(p.plus(1), B);
        assertThat(next).isNotDone();
        f.markers.resume();
        assertThat(f.world.get(next)).isEqualTo(Map.of(A, Errors.NONE));
        assertThat(f.world.get(same)).isEqualTo(Map.of(B, Errors.NONE));
        assertThat(f.state().partitions()).isEqualTo(Set.of(A, B));
    }

    @Test
    void butNotForEver() {
        f.admit(p, true, A);
        f.markers.stalled = true;
        f.end(p, true, V2);
        var next = admitLater(p.plus(1), A);
        f.world.advance(99);
        assertThat(next).isNotDone();
        f.world.advance(1);
        assertThat(f.world.get(next)).isEqualTo(Map.of(A, Errors.CONCURRENT_TRANSACTIONS));
    }

    @Test
    void whoWaitsIsToldWhenTheCoordinatorMoves() {
        f.admit(p, true, A);
        f.markers.stalled = true;
        f.end(p, true, V2);
        var next = admitLater(p.plus(1), A);
        f.resign();
        assertThat(f.world.get(next)).isEqualTo(Map.of(A, Errors.NOT_COORDINATOR));
    }
}
