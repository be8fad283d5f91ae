package org.milena.broker.handler.produce;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.LogConfigs;
import org.milena.broker.log.DirectoryExecutor;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.LogManagerOptions;
import org.milena.broker.log.NioDisk;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.metrics.TopicMetrics;
import org.milena.broker.network.RequestContext;
import org.milena.broker.replication.AppendGate;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.transaction.TransactionAdmission;

/** Produce of transactional batches: when the coordinator is asked, who waits meanwhile, and what clients are told. */
class TransactionalProduceTest {

    private static final Uuid ID = new Uuid(3, 3);
    private static final short VERSION_1 = 11;
    private static final short VERSION_2 = 12;

    @TempDir
    Path dir;
    private FileLogManager logs;
    private ReplicaManager replicas;
    private ProduceHandler handler;
    private final Queue<Runnable> later = new ArrayDeque<>();
    private final List<String> answers = new ArrayList<>();
    private final List<String> asked = new ArrayList<>();
    private final Queue<CompletableFuture<Map<TopicPartition, Errors>>> questions = new ArrayDeque<>();

    private final TransactionAdmission admission = (id, producer, epoch, partitions, add) -> ask(id + " " + producer + "/" + epoch, partitions, add);

    private CompletableFuture<Map<TopicPartition, Errors>> ask(String who, Collection<TopicPartition> partitions, boolean add) {
        asked.add(who + " " + partitions.stream().map(TopicPartition::partition).sorted().toList() + (add ? " add" : ""));
        CompletableFuture<Map<TopicPartition, Errors>> answer = new CompletableFuture<>();
        questions.add(answer);
        return answer;
    }

    @BeforeEach
    void open() {
        LogConfig config = LogConfigs.of(BrokerConfig.of(Map.of("milena.data.dir", dir.toString())), Map.of(), false);
        DirectoryExecutor here = new DirectoryExecutor() {
            @Override
            public boolean inContext() {
                return true;
            }

            @Override
            public Executor forPartition(TopicPartition partition) {
                return Runnable::run;
            }
        };
        logs = FileLogManager.open(new LogManagerOptions(List.of(dir.resolve("logs")), 1, new NioDisk(), BrokerClock.SYSTEM, path -> here,
                Runnable::run, 20, 86_400_000, config));
        replicas = new ReplicaManager(logs, AppendGate.OPEN);
        List<PartitionImage> partitions = List.of(new PartitionImage(0, 1, 0, List.of(1), List.of(1)), new PartitionImage(1, 1, 0, List.of(1), List.of(1)));
        replicas.create(new TopicImage(ID, "t", false, partitions, Map.of(), false), partitions, config);
        handler = new ProduceHandler(replicas, TopicMetrics.NONE, admission);
    }

    @AfterEach
    void close() {
        logs.close();
    }

    private RequestContext context(String connection, int version, String name) {
        return (RequestContext) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {RequestContext.class}, (proxy, method, args) -> {
            switch (method.getName()) {
                case "apiVersion":
                    return (short) version;
                case "connectionId":
                    return connection;
                case "clientId":
                    return "client";
                case "executor":
                    return (Executor) later::add;
                case "reply":
                    answers.add(name + " " + told((ProduceResponseData) args[0]));
                    return null;
                case "fail":
                    answers.add(name + " " + Errors.forException((Throwable) args[0]));
                    return null;
                default:
                    throw new IllegalStateException(method.getName());
            }
        });
    }

    private static String told(ProduceResponseData response) {
        PartitionProduceResponse answer = response.responses().iterator().next().partitionResponses().get(0);
        return answer.errorCode() == 0 ? "at " + answer.baseOffset() : Errors.forCode(answer.errorCode()) + " " + answer.errorMessage();
    }

    private static SimpleRecord[] one() {
        return new SimpleRecord[] {new SimpleRecord(System.currentTimeMillis(), "v".getBytes())};
    }

    private static MemoryRecords transactional(int epoch, int sequence) {
        return MemoryRecords.withTransactionalRecords(Compression.NONE, 7, (short) epoch, sequence, one());
    }

    /** @param name how the answer is told apart */
    private void produce(String connection, int version, String name, String transactionalId, MemoryRecords... partitions) {
        ProduceRequestData request = new ProduceRequestData().setAcks((short) -1).setTransactionalId(transactionalId);
        List<PartitionProduceData> data = new ArrayList<>();
        for (int i = 0; i < partitions.length; i++) {
            data.add(new PartitionProduceData().setIndex(i).setRecords(partitions[i]));
        }
        request.topicData().add(new TopicProduceData().setName("t").setTopicId(ID).setPartitionData(data));
        handler.handle(context(connection, version, name), request);
    }

    private void answer(Errors... errors) {
        Map<TopicPartition, Errors> byPartition = new HashMap<>();
        for (int i = 0; i < errors.length; i++) {
            byPartition.put(new TopicPartition("t", i), errors[i]);
        }
        questions.remove().complete(byPartition);
        runLater();
    }

    private void runLater() {
        for (Runnable next = later.poll(); next != null; next = later.poll()) {
            next.run();
        }
    }

    private void end(int epoch, boolean commit) {
        replicas.partition("t", 0).endTransaction(new TransactionEnd(7, (short) epoch, 0, commit, (short) 2), false, error -> { });
    }

    @Test
    void theCoordinatorIsAskedOnceForATransactionInItsPartitions() {
        produce("c", VERSION_2, "first", "tx", transactional(0, 0), transactional(0, 0));
        assertThat(answers).isEmpty();
        answer(Errors.NONE, Errors.NONE);
        produce("c", VERSION_2, "second", "tx", transactional(0, 1), transactional(0, 1));
        assertThat(answers).containsExactly("first at 0", "second at 1");
        assertThat(asked).containsExactly("tx 7/0 [0, 1] add");
        end(1, true);
        produce("c", VERSION_2, "third", "tx", transactional(1, 0));
        answer(Errors.NONE);
        assertThat(asked).hasSize(2).last().isEqualTo("tx 7/1 [0] add");
        assertThat(answers).last().isEqualTo("third at 3");
    }

    @Test
    void olderClientsAreVerifiedOnly() {
        produce("c", VERSION_1, "r", "tx", transactional(0, 0));
        answer(Errors.NONE);
        assertThat(asked).containsExactly("tx 7/0 [0]");
        assertThat(answers).containsExactly("r at 0");
    }

    @Test
    void otherBatchesCostNoQuestion() {
        produce("c", VERSION_2, "plain", null, MemoryRecords.withRecords(Compression.NONE, one()));
        produce("c", VERSION_2, "idempotent", null, MemoryRecords.withIdempotentRecords(Compression.NONE, 8, (short) 0, 0, one()));
        produce("c", VERSION_2, "without the id", null, transactional(0, 0));
        assertThat(asked).isEmpty();
        assertThat(answers).containsExactly("plain at 0", "idempotent at 1",
                "without the id INVALID_TXN_STATE Record was not part of an ongoing transaction");
    }

    @Test
    void requestsOfAConnectionKeepTheirOrderAndOtherConnectionsDoNotWait() {
        produce("c", VERSION_2, "first", "tx", transactional(0, 0));
        produce("c", VERSION_2, "second", "tx", transactional(0, 1));
        produce("c", VERSION_2, "plain behind", null, MemoryRecords.withRecords(Compression.NONE, one()));
        produce("other", VERSION_2, "other", null, MemoryRecords.withRecords(Compression.NONE, one()));
        assertThat(answers).containsExactly("other at 0");
        answer(Errors.NONE);
        assertThat(answers).containsExactly("other at 0", "first at 1", "second at 2", "plain behind at 3");
        assertThat(asked).hasSize(1);
    }

    @Test
    void whatWaitedMayHaveToWaitAgain() {
        produce("c", VERSION_2, "first", "tx", transactional(0, 0));
        produce("c", VERSION_2, "second", "tx", transactional(0, 1), transactional(0, 0));
        produce("c", VERSION_2, "third", "tx", transactional(0, 2));
        answer(Errors.NONE);
        assertThat(answers).containsExactly("first at 0");
        answer(Errors.NONE, Errors.NONE);
        assertThat(answers).containsExactly("first at 0", "second at 1", "third at 2");
    }

    @Test
    void aRefusedFirstBatchLetsNoneBehindItIn() {
        produce("c", VERSION_2, "first", "tx", transactional(0, 0));
        produce("c", VERSION_2, "second", "tx", transactional(0, 1));
        answer(Errors.COORDINATOR_LOAD_IN_PROGRESS);
        answer(Errors.NONE);
        assertThat(answers.get(0)).startsWith("first NOT_ENOUGH_REPLICAS");
        assertThat(answers.get(1)).startsWith("second OUT_OF_ORDER_SEQUENCE_NUMBER");
        produce("c", VERSION_2, "first again", "tx", transactional(0, 0));
        answer(Errors.NONE);
        assertThat(answers).last().isEqualTo("first again at 0");
    }

    @Test
    void refusalsAreToldAsTheClientUnderstandsThem() {
        refused(Errors.INVALID_TXN_STATE, VERSION_1, "INVALID_TXN_STATE Partition was not added to the transaction");
        refused(Errors.TRANSACTION_ABORTABLE, (short) 10, "INVALID_TXN_STATE Partition was not added to the transaction");
        refused(Errors.TRANSACTION_ABORTABLE, VERSION_1, "TRANSACTION_ABORTABLE " + Errors.TRANSACTION_ABORTABLE.message());
        refused(Errors.PRODUCER_FENCED, VERSION_2, "INVALID_PRODUCER_EPOCH " + Errors.INVALID_PRODUCER_EPOCH.message());
        refused(Errors.INVALID_PRODUCER_ID_MAPPING, VERSION_2, "INVALID_PRODUCER_ID_MAPPING " + Errors.INVALID_PRODUCER_ID_MAPPING.message());
        String unverified = "NOT_ENOUGH_REPLICAS Unable to verify the partition has been added to the transaction. Underlying error: ";
        for (Errors error : List.of(Errors.NOT_COORDINATOR, Errors.COORDINATOR_NOT_AVAILABLE, Errors.COORDINATOR_LOAD_IN_PROGRESS,
                Errors.NETWORK_EXCEPTION)) {
            refused(error, VERSION_1, unverified + error);
            refused(error, VERSION_2, unverified + error);
        }
        refused(Errors.CONCURRENT_TRANSACTIONS, VERSION_1, unverified + Errors.CONCURRENT_TRANSACTIONS);
    }

    private void refused(Errors error, short version, String expected) {
        answers.clear();
        produce("c", version, "r", "tx", transactional(0, 0));
        answer(error);
        assertThat(answers).as("%s in version %s", error, version).containsExactly("r " + expected);
    }

    @Test
    void aCoordinatorThatFailsIsAnAnswerToo() {
        produce("c", VERSION_2, "r", "tx", transactional(0, 0));
        questions.remove().completeExceptionally(Errors.NOT_COORDINATOR.exception());
        runLater();
        assertThat(answers.get(0)).startsWith("r NOT_ENOUGH_REPLICAS");
    }

    /** The marker of the transaction before is often still under way: the coordinator waits for it, and so does nobody else. */
    @Test
    void withTransactionVersion2AConcurrentTransactionIsToldAtOnce() {
        produce("c", VERSION_2, "r", "tx", transactional(0, 0));
        answer(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(answers).singleElement().asString().startsWith("r CONCURRENT_TRANSACTIONS");
    }

    @Test
    void whatWasConfirmedBeforeTheAbortDoesNotEnterAfterIt() {
        produce("c", VERSION_1, "late", "tx", transactional(0, 0));
        replicas.partition("t", 0).endTransaction(new TransactionEnd(7, (short) 0, 0, false, (short) 0), false, error -> { });
        answer(Errors.NONE);
        assertThat(answers).containsExactly("late INVALID_TXN_STATE Record was not part of an ongoing transaction");
        assertThat(replicas.partition("t", 0).lastStableOffset()).isEqualTo(1);
    }

    @Test
    void aFencedProducerIsToldWithoutAQuestionAndOthersPartitionsGoOn() {
        end(5, true);
        produce("c", VERSION_2, "zombie", "tx", transactional(0, 0), transactional(0, 0));
        questions.remove().complete(Map.of(new TopicPartition("t", 1), Errors.NONE));
        runLater();
        assertThat(asked).containsExactly("tx 7/0 [1] add");
        assertThat(answers.get(0)).startsWith("zombie INVALID_PRODUCER_EPOCH Epoch of producer 7 is 0");
        assertThat(replicas.partition("t", 1).highWatermark()).isEqualTo(1);
    }

    @Test
    void oneRequestHoldsOneProducersTransaction() {
        MemoryRecords another = MemoryRecords.withTransactionalRecords(Compression.NONE, 8, (short) 0, 0, one());
        produce("c", VERSION_2, "mixed", "tx", transactional(0, 0), another);
        assertThat(answers).containsExactly("mixed INVALID_PRODUCER_ID_MAPPING");
    }

    @Test
    void anUnsoundBatchIsRefusedWithoutAQuestion() {
        ByteBuffer torn = transactional(0, 0).buffer();
        torn.limit(torn.limit() - 3);
        produce("c", VERSION_2, "torn", "tx", MemoryRecords.readableRecords(torn));
        assertThat(asked).isEmpty();
        assertThat(answers.get(0)).startsWith("torn INVALID_RECORD");
    }
}
