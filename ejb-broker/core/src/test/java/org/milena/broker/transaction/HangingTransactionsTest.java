package org.milena.broker.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.transaction.TransactionFixture.A;
import static org.milena.broker.transaction.TransactionFixture.B;
import static org.milena.broker.transaction.TransactionFixture.V0;
import static org.milena.broker.transaction.TransactionFixture.V2;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.junit.jupiter.api.Test;
import org.milena.broker.transaction.HangingTransactions.Unconfirmed;
import org.milena.broker.transaction.TransactionFixture.Producer;

/** What is made of transactions that partitions kept, by what coordinators know of them. */
class HangingTransactionsTest {

    private static final class FakePartitions implements HangingTransactions.Partitions {

        private final List<Unconfirmed> unconfirmed = new ArrayList<>();
        private final List<String> ended = new ArrayList<>();
        private RuntimeException failing;

        @Override
        public List<Unconfirmed> unconfirmed() {
            return List.copyOf(unconfirmed);
        }

        @Override
        public CompletableFuture<Void> end(Unconfirmed hanging, boolean commit) {
            if (failing != null) {
                return CompletableFuture.failedFuture(failing);
            }
            unconfirmed.remove(hanging);
            ended.add((commit ? "commit " : "abort ") + hanging.partition() + " " + hanging.producerId() + "/" + hanging.producerEpoch());
            return CompletableFuture.completedFuture(null);
        }
    }

    private final TransactionFixture f = new TransactionFixture();
    private final Producer p = f.init();
    private final FakePartitions partitions = new FakePartitions();
    private HangingTransactions hanging = new HangingTransactions(f.coordinator, partitions);

    HangingTransactionsTest() {
        f.topicExists();
    }

    private List<String> check(Producer producer, TopicPartition partition) {
        partitions.ended.clear();
        partitions.unconfirmed.clear();
        partitions.unconfirmed.add(new Unconfirmed(partition, producer.id(), producer.epoch()));
        hanging.check();
        f.world.run();
        return partitions.ended;
    }

    private void restart() {
        f.restart();
        hanging = new HangingTransactions(f.coordinator, partitions);
    }

    @Test
    void whatTheCoordinatorStillEndsIsLeftToIt() {
        f.add(p, V2, A);
        restart();
        assertThat(check(p, A)).as("open").isEmpty();
        f.markers.stalled = true;
        f.endLater(p, true, V2);
        f.world.run();
        assertThat(f.stateName()).isEqualTo(TransactionState.PREPARE_COMMIT);
        assertThat(check(p, A)).as("decided").isEmpty();
    }

    @Test
    void aPreparedBranchIsLeftToItsTransactionManager() {
        f.add(p, V2, A);
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.OK);
        f.coordinator.shutdown();
        restart();
        assertThat(check(p, A)).isEmpty();
        f.markers.stalled = true;
        f.coordinator.branches().decide(TransactionFixture.branch(p, 1), true);
        f.world.run();
        assertThat(check(p, A)).as("decided").isEmpty();
    }

    @Test
    void whatItsCoordinatorDoesNotKnowIsAborted() {
        assertThat(check(new Producer(null, 4711, (short) 3), A)).as("no such producer").containsExactly("abort a-0 4711/3");
        assertThat(check(p, A)).as("it has not begun").containsExactly("abort a-0 1000/0");
        f.add(p, V2, B);
        assertThat(check(p, A)).as("this partition is not part of it").containsExactly("abort a-0 1000/0");
    }

    @Test
    void theNextTransactionOfTheProducerSaysNothingOfTheLast() {
        f.given(f.idle(TransactionState.COMPLETE_ABORT, p.id(), 1));
        f.add(p.plus(1), V2, A);
        restart();
        assertThat(check(p, A)).containsExactly("abort a-0 1000/0");
    }

    @Test
    void aMarkerThatWasLostIsWrittenAgain() {
        f.add(p, V2, A);
        f.end(p, true, V2);
        f.world.run();
        assertThat(check(p, A)).containsExactly("commit a-0 1000/0");
        f.add(p.plus(1), V2, A);
        f.end(p.plus(1), false, V2);
        f.world.run();
        assertThat(check(p.plus(1), A)).containsExactly("abort a-0 1000/1");
    }

    @Test
    void alsoWhereItsEpochWasTheLast() {
        f.given(new TransactionMetadata(2_000, p.id(), -1, (short) 0, (short) -1, 60_000, TransactionState.COMPLETE_COMMIT, Set.of(), 1, 1, V2));
        restart();
        assertThat(check(new Producer(null, p.id(), (short) (Short.MAX_VALUE - 1)), A)).containsExactly("commit a-0 1000/32766");
        assertThat(check(p, A)).containsExactly("abort a-0 1000/0");
    }

    /** Before transaction version 2 epochs don't tell which transaction was committed. */
    @Test
    void nothingIsTakenForCommittedThatMayBeAnother() {
        f.add(p, V0, A);
        f.end(p, true, V0);
        f.world.run();
        assertThat(check(p, A)).containsExactly("abort a-0 1000/0");
    }

    @Test
    void nothingIsEndedWhileACoordinatorCannotSay() {
        f.resign();
        assertThat(check(p, A)).isEmpty();
        f.elect();
        f.world.run();
        partitions.failing = new KafkaStorageException("no flush now");
        assertThat(check(p, A)).isEmpty();
        partitions.failing = null;
        assertThat(check(p, A)).as("tried again").hasSize(1);
    }

    /** What may still be lost decides nothing. */
    @Test
    void theAnswerWaitsForWhatIsNotCommitted() {
        f.add(p, V2, A);
        f.log.stall();
        f.endLater(p, true, V2);
        f.world.run();
        assertThat(check(p.plus(7), B)).isEmpty();
        f.log.resume();
        f.world.run();
        assertThat(partitions.ended).containsExactly("abort b-1 1000/7");
    }
}
