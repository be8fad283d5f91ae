package org.milena.broker.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.transaction.TransactionFixture.A;
import static org.milena.broker.transaction.TransactionFixture.ID;
import static org.milena.broker.transaction.TransactionFixture.V0;
import static org.milena.broker.transaction.TransactionFixture.V2;
import static org.milena.broker.transaction.TransactionFixture.initRequest;

import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.milena.broker.transaction.TransactionFixture.Producer;

/** Who may use a transactional id, under which producer id and epoch. */
class InitProducerIdTest {

    private final TransactionFixture f = new TransactionFixture();

    @Test
    void theFirstProducerGetsEpochZeroTheNextOneFencesIt() {
        Producer first = f.init();
        assertThat(first).isEqualTo(new Producer(Errors.NONE, 1_000, (short) 0));
        Producer second = f.init();
        assertThat(second).isEqualTo(first.plus(1));
        assertThat(f.add(first, V0, A)).isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(f.end(first, true, V0).error()).isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(f.add(second, V0, A)).isEqualTo(Errors.NONE);
    }

    @Test
    void anIdempotentProducerGetsAnIdOfItsOwn() {
        assertThat(f.init(initRequest(null, -1, -1)).id()).isNotEqualTo(f.init(initRequest(null, -1, -1)).id());
        assertThat(f.init(initRequest(null, -1, -1)).epoch()).isZero();
        f.noProducerIds = true;
        assertThat(f.init(initRequest(null, -1, -1)).error()).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
        assertThat(f.init().error()).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    }

    @Test
    void wrongRequestsAreRefusedAsKafkaRefusesThem() {
        assertThat(f.init(initRequest("", -1, -1)).error()).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(f.init(initRequest(ID, 5, -1)).error()).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(f.init(initRequest(ID, -1, 5)).error()).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(f.init(initRequest(ID, -1, -1).setTransactionTimeoutMs(0)).error()).isEqualTo(Errors.INVALID_TRANSACTION_TIMEOUT);
        assertThat(f.init(initRequest(ID, -1, -1).setTransactionTimeoutMs(900_001)).error()).isEqualTo(Errors.INVALID_TRANSACTION_TIMEOUT);
        assertThat(f.init(initRequest(ID, -1, -1).setTransactionTimeoutMs(900_000)).error()).isEqualTo(Errors.NONE);
        assertThat(f.init(initRequest(ID, -1, -1).setKeepPreparedTxn(true)).error()).isEqualTo(Errors.UNSUPPORTED_VERSION);
        assertThat(f.init(initRequest(ID, -1, -1).setEnable2Pc(true)).error()).isEqualTo(Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    }

    /** KIP-360: a producer that knows who it is goes on after an error, and may repeat the question. */
    @Test
    void aRetriedRequestGetsTheSameEpoch() {
        Producer first = f.init();
        Producer bumped = f.init(initRequest(ID, first.id(), first.epoch()));
        assertThat(bumped).isEqualTo(first.plus(1));
        assertThat(f.init(initRequest(ID, first.id(), first.epoch()))).as("the answer was lost").isEqualTo(bumped);
        assertThat(f.init(initRequest(ID, first.id(), bumped.epoch()))).isEqualTo(first.plus(2));
        assertThat(f.init(initRequest(ID, first.id(), first.epoch())).error()).as("too old").isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(f.init(initRequest(ID, first.id() + 1, first.epoch())).error()).as("another's").isEqualTo(Errors.PRODUCER_FENCED);
        Producer other = f.init();
        assertThat(f.init(initRequest(ID, first.id(), bumped.epoch())).error()).as("somebody else came").isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(f.init(initRequest(ID, other.id(), other.epoch()))).isEqualTo(other.plus(1));
    }

    @Test
    void aProducerWhoseIdWasForgottenIsGivenANewOne() {
        assertThat(f.init(initRequest(ID, 77, 3))).isEqualTo(new Producer(Errors.NONE, 1_000, (short) 0));
    }

    @Test
    void whenTheEpochsAreUsedUpThereIsANewProducerId() {
        f.given(f.idle(TransactionState.COMPLETE_COMMIT, 500, Short.MAX_VALUE - 1));
        Producer rotated = f.init(initRequest(ID, 500, Short.MAX_VALUE - 1));
        assertThat(rotated).isEqualTo(new Producer(Errors.NONE, 1_000, (short) 0));
        assertThat(f.init(initRequest(ID, 500, Short.MAX_VALUE - 1))).as("the answer was lost").isEqualTo(rotated);
        assertThat(f.init(initRequest(ID, 500, 7)).error()).isEqualTo(Errors.PRODUCER_FENCED);
        f.given(f.idle(TransactionState.EMPTY, 500, Short.MAX_VALUE - 1));
        assertThat(f.init()).isEqualTo(new Producer(Errors.NONE, 1_001, (short) 0));
    }

    @Test
    void theLastEpochIsTakenOnlyToFence() {
        f.given(f.idle(TransactionState.EMPTY, 500, Short.MAX_VALUE - 2));
        Producer last = f.init();
        assertThat(last).isEqualTo(new Producer(Errors.NONE, 500, (short) (Short.MAX_VALUE - 1)));
        assertThat(f.add(last, V0, A)).isEqualTo(Errors.NONE);
        assertThat(f.initAfterAbort()).isEqualTo(new Producer(Errors.NONE, 1_000, (short) 1));
        assertThat(f.markers.written).singleElement().satisfies(marker -> {
            assertThat(marker.producerId()).isEqualTo(500);
            assertThat(marker.epoch()).isEqualTo(Short.MAX_VALUE);
        });
    }

    @Test
    void anOpenTransactionIsAbortedFirst() {
        Producer first = f.init();
        f.add(first, V0, A);
        f.markers.stalled = true;
        assertThat(f.init().error()).isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.stateName()).isEqualTo(TransactionState.PREPARE_ABORT);
        assertThat(f.init().error()).as("markers are not written").isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        f.markers.resume();
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_ABORT);
        assertThat(f.init()).isEqualTo(first.plus(2));
        assertThat(f.markers.partitions(false)).containsExactly(A);
        assertThat(f.end(first, true, V0).error()).isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(f.end(first, true, V2).error()).isEqualTo(Errors.PRODUCER_FENCED);
    }

    @Test
    void whoIsNotTheCoordinatorSaysSo() {
        f.resign();
        assertThat(f.init().error()).isEqualTo(Errors.NOT_COORDINATOR);
        f.log.stallLoads();
        f.elect();
        f.world.run();
        assertThat(f.init().error()).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
        f.log.resumeLoads();
        f.world.run();
        assertThat(f.init().error()).isEqualTo(Errors.NONE);
    }

    /** The epoch of an old coordinator's answer is not to be trusted, an error's no more than another's. */
    @Test
    void anErrorIsConfirmedAsAnyAnswer() {
        Producer first = f.init();
        f.log.newEpoch(0, f.epoch() + 1);
        assertThat(f.add(first.plus(1), V0, A)).isEqualTo(Errors.NOT_COORDINATOR);
        assertThat(f.end(first.plus(1), true, V0).error()).isEqualTo(Errors.NOT_COORDINATOR);
    }
}
