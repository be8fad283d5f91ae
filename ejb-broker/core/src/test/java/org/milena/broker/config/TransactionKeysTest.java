package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.config.LiveBroker.await;
import static org.milena.broker.config.LiveBroker.get;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.message.DescribeTransactionsRequestData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.transaction.TransactionCoordinator;

/** Keys of transactions and the topic they live in. */
class TransactionKeysTest {

    private static final long MINUTE = 60_000;
    private static final String TOPIC = "__transaction_state";

    @TempDir
    Path dir;

    private LiveBroker broker(String name, String... settings) throws Exception {
        LiveBroker broker = LiveBroker.start(dir.resolve(name), settings);
        await("the coordinator", () -> coordinator(broker) == Errors.NONE);
        return broker;
    }

    private static Errors coordinator(LiveBroker broker) throws IOException {
        var answer = (FindCoordinatorResponseData) broker.call(ApiKeys.FIND_COORDINATOR, 4,
                new FindCoordinatorRequestData().setKeyType((byte) 1).setCoordinatorKeys(List.of("t")));
        return Errors.forCode(answer.coordinators().get(0).errorCode());
    }

    private static InitProducerIdResponseData init(LiveBroker broker, int timeoutMs) throws Exception {
        InitProducerIdResponseData[] answer = new InitProducerIdResponseData[1];
        await("the coordinator has loaded", () -> {
            answer[0] = (InitProducerIdResponseData) broker.call(ApiKeys.INIT_PRODUCER_ID, 4,
                    new InitProducerIdRequestData().setTransactionalId("t").setTransactionTimeoutMs(timeoutMs));
            return answer[0].errorCode() != Errors.COORDINATOR_LOAD_IN_PROGRESS.code();
        });
        return answer[0];
    }

    /** The state's name, or the error's. */
    private static String state(LiveBroker broker) throws IOException {
        var answer = (DescribeTransactionsResponseData) broker.call(ApiKeys.DESCRIBE_TRANSACTIONS, 0,
                new DescribeTransactionsRequestData().setTransactionalIds(List.of("t")));
        var state = answer.transactionStates().get(0);
        return state.errorCode() == 0 ? state.transactionState() : Errors.forCode(state.errorCode()).name();
    }

    private static TransactionCoordinator coordinatorOf(LiveBroker broker) {
        return broker.embedded().broker().transactions();
    }

    private static void begin(LiveBroker broker, InitProducerIdResponseData producer, TopicPartition partition) throws Exception {
        assertThat(coordinatorOf(broker).addPartitions("t", producer.producerId(), producer.producerEpoch(), Set.of(partition), (short) 2)
                .get(30, TimeUnit.SECONDS)).isEqualTo(Errors.NONE);
    }

    @Test
    @Proves({"transaction.state.log.num.partitions", "transaction.state.log.segment.bytes", "transaction.state.log.min.isr"})
    void theTopicIsMadeAsSaid() throws Exception {
        try (LiveBroker usual = broker("usual", "transaction.state.log.num.partitions", "50");
                LiveBroker small = broker("small", "transaction.state.log.num.partitions", "3", "transaction.state.log.segment.bytes", "2000000",
                        "transaction.state.log.min.isr", "2")) {
            assertThat(topic(usual)).isEqualTo("50 of 104857600, 1 in sync");
            assertThat(topic(small)).isEqualTo("3 of 2000000, 2 in sync");
            assertThat(usual.describe(Type.TOPIC, TOPIC)).containsEntry("cleanup.policy", "compact").containsEntry("compression.type", "uncompressed");
        }
    }

    private static String topic(LiveBroker broker) throws Exception {
        Map<String, String> configs = broker.describe(Type.TOPIC, TOPIC);
        return get(broker.admin().describeTopics(List.of(TOPIC)).allTopicNames()).get(TOPIC).partitions().size() + " of "
                + configs.get("segment.bytes") + ", " + configs.get("min.insync.replicas") + " in sync";
    }

    @Test
    @Proves("transaction.state.log.replication.factor")
    void theTopicNeedsSoManyBrokers() throws Exception {
        try (LiveBroker one = broker("one"); LiveBroker two = LiveBroker.start(dir.resolve("two"), "transaction.state.log.replication.factor", "2")) {
            assertThat(coordinator(one)).isEqualTo(Errors.NONE);
            assertThat(coordinator(two)).isEqualTo(Errors.COORDINATOR_NOT_AVAILABLE);
        }
    }

    @Test
    @Proves("transaction.max.timeout.ms")
    void aProducerMayAskForSoMuchTime() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker strict = broker("strict", "transaction.max.timeout.ms", "5000")) {
            assertThat(init(usual, 900_000).errorCode()).isZero();
            assertThat(init(usual, 900_001).errorCode()).isEqualTo(Errors.INVALID_TRANSACTION_TIMEOUT.code());
            assertThat(init(strict, 5_000).errorCode()).isZero();
            assertThat(init(strict, 5_001).errorCode()).isEqualTo(Errors.INVALID_TRANSACTION_TIMEOUT.code());
        }
    }

    @Test
    @Proves("transaction.abort.timed.out.transaction.cleanup.interval.ms")
    void transactionsThatTakeTooLongAreAbortedWhenTheyAreLookedFor() throws Exception {
        String key = "transaction.abort.timed.out.transaction.cleanup.interval.ms";
        try (LiveBroker often = broker("often", key, "50"); LiveBroker seldom = broker("seldom", key, "86400000")) {
            for (LiveBroker broker : List.of(seldom, often)) {
                begin(broker, init(broker, 60_000), new TopicPartition(broker.topic(Map.of()), 0));
                broker.advance(2 * MINUTE);
            }
            await("the transaction is aborted", () -> state(often).equals("CompleteAbort"));
            assertThat(state(seldom)).as("nobody has looked").isEqualTo("Ongoing");
        }
    }

    @Test
    @Proves({"transactional.id.expiration.ms", "transaction.remove.expired.transaction.cleanup.interval.ms"})
    void oldIdsAreForgottenWhenTheyAreLookedFor() throws Exception {
        String interval = "transaction.remove.expired.transaction.cleanup.interval.ms";
        try (LiveBroker usual = broker("usual", interval, "50"); LiveBroker seldom = broker("seldom", "transactional.id.expiration.ms", "60000");
                LiveBroker brief = broker("brief", "transactional.id.expiration.ms", "60000", interval, "50")) {
            for (LiveBroker broker : List.of(usual, seldom, brief)) {
                init(broker, 60_000);
                broker.advance(2 * MINUTE);
            }
            await("the id expires", () -> state(brief).equals("TRANSACTIONAL_ID_NOT_FOUND"));
            assertThat(state(usual)).as("a week is not over").isEqualTo("Empty");
            assertThat(state(seldom)).as("nobody has looked").isEqualTo("Empty");
            usual.advance(7 * 24 * 60 * MINUTE);
            await("the id expires after a week", () -> state(usual).equals("TRANSACTIONAL_ID_NOT_FOUND"));
        }
    }

    @Test
    @Proves("add.partitions.to.txn.retry.backoff.max.ms")
    void theNextTransactionWaitsSoLongForTheEndOfTheLast() throws Exception {
        String key = "add.partitions.to.txn.retry.backoff.max.ms";
        try (LiveBroker hasty = LiveBroker.startWithFlushersHeld(dir.resolve("hasty"), key, "0");
                LiveBroker patient = LiveBroker.startWithFlushersHeld(dir.resolve("patient"), key, "86400000")) {
            assertThat(next(hasty).get(30, TimeUnit.SECONDS)).containsValue(Errors.CONCURRENT_TRANSACTIONS);
            var waiting = next(patient);
            assertThat(state(patient)).isEqualTo("PrepareCommit");
            assertThat(waiting).isNotDone();
            patient.releaseFlushers();
            assertThat(waiting.get(30, TimeUnit.SECONDS)).containsValue(Errors.NONE);
        }
    }

    /** The first records of a transaction, while the marker of the one before waits for the disk. */
    private static CompletableFuture<Map<TopicPartition, Errors>> next(LiveBroker broker) throws Exception {
        await("the coordinator", () -> coordinator(broker) == Errors.NONE);
        InitProducerIdResponseData producer = init(broker, 60_000);
        TopicPartition flushed = new TopicPartition(broker.topic(Map.of("flush.messages", "1")), 0);
        begin(broker, producer, flushed);
        var ended = coordinatorOf(broker).endTransaction(new EndTxnRequestData().setTransactionalId("t").setProducerId(producer.producerId())
                .setProducerEpoch(producer.producerEpoch()).setCommitted(true), (short) 2).get(30, TimeUnit.SECONDS);
        assertThat(ended.errorCode()).isZero();
        return coordinatorOf(broker).admit("t", ended.producerId(), ended.producerEpoch(), Set.of(flushed), true);
    }
}
