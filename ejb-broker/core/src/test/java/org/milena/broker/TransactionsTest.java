package org.milena.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** The newest Java client's transactions against the whole broker: transaction version 2. */
class TransactionsTest {

    private static final TopicPartition IN = new TopicPartition("in", 0);

    @TempDir
    Path dir;

    private final InMemoryMetadataStore store = new InMemoryMetadataStore();
    private EmbeddedBroker broker;
    private Admin admin;

    @BeforeEach
    void start() throws Exception {
        broker = EmbeddedBroker.start(dir, store, Map.of("transaction.abort.timed.out.transaction.cleanup.interval.ms", "100"));
        admin = Admin.create(broker.properties());
        admin.createTopics(List.of(new NewTopic("in", 1, (short) 1), new NewTopic("out", 3, (short) 1))).all().get(30, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() {
        admin.close();
        broker.close();
    }

    private KafkaProducer<String, String> producer(String id, String... more) {
        var properties = broker.properties(more);
        properties.put("transactional.id", id);
        properties.put("max.block.ms", "30000");
        return new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
    }

    private static void send(KafkaProducer<String, String> producer, String... values) {
        for (int i = 0; i < values.length; i++) {
            producer.send(new ProducerRecord<>("out", i % 3, null, values[i]));
        }
    }

    /** All that a new consumer reads of the topic, up to the end it may see. */
    private List<String> read(String isolation) {
        var properties = broker.properties("isolation.level", isolation, "enable.auto.commit", "false");
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = List.of(new TopicPartition("out", 0), new TopicPartition("out", 1), new TopicPartition("out", 2));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<String> values = new ArrayList<>();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
            }
            return values;
        }
    }

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.call()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private TransactionDescription describe(String id) throws Exception {
        return admin.describeTransactions(List.of(id)).description(id).get(30, TimeUnit.SECONDS);
    }

    @Test
    void whatIsCommittedIsSeenWhatIsAbortedIsNot() {
        try (KafkaProducer<String, String> producer = producer("t")) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, "a", "b", "c", "d");
            producer.flush();
            assertThat(read("read_committed")).as("open").isEmpty();
            assertThat(read("read_uncommitted")).hasSize(4);
            producer.commitTransaction();
            producer.beginTransaction();
            send(producer, "x", "y");
            producer.flush();
            producer.abortTransaction();
            producer.beginTransaction();
            send(producer, "e");
            producer.commitTransaction();
            assertThat(read("read_committed")).containsExactlyInAnyOrder("a", "b", "c", "d", "e");
            assertThat(read("read_uncommitted")).containsExactlyInAnyOrder("a", "b", "c", "d", "x", "y", "e");
        }
    }

    @Test
    void manyTransactionsOneAfterTheOther() {
        List<String> committed = new ArrayList<>();
        try (KafkaProducer<String, String> producer = producer("t")) {
            producer.initTransactions();
            for (int i = 0; i < 200; i++) {
                producer.beginTransaction();
                send(producer, "v" + i, "w" + i, "u" + i);
                if (i % 5 == 0) {
                    producer.abortTransaction();
                } else {
                    producer.commitTransaction();
                    committed.addAll(List.of("v" + i, "w" + i, "u" + i));
                }
            }
        }
        assertThat(read("read_committed")).containsExactlyInAnyOrderElementsOf(committed);
    }

    @Test
    void anEmptyTransactionMayEndEitherWay() {
        try (KafkaProducer<String, String> producer = producer("t")) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.abortTransaction();
            producer.beginTransaction();
            producer.commitTransaction();
            producer.beginTransaction();
            send(producer, "a");
            producer.commitTransaction();
        }
        assertThat(read("read_committed")).containsExactly("a");
    }

    @Test
    void offsetsAreCommittedWithTheRecordsOrNotAtAll() throws Exception {
        try (KafkaProducer<String, String> producer = producer("t");
                KafkaConsumer<String, String> consumer = new KafkaConsumer<>(broker.properties("group.id", "g", "enable.auto.commit", "false",
                        "auto.offset.reset", "earliest"), new StringDeserializer(), new StringDeserializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            for (int i = 0; i < 10; i++) {
                producer.send(new ProducerRecord<>("in", "i" + i));
            }
            producer.commitTransaction();
            consumer.subscribe(List.of("in"));
            int read = 0;
            while (read < 10) {
                read += consumer.poll(Duration.ofMillis(100)).count();
            }
            producer.beginTransaction();
            send(producer, "lost");
            producer.sendOffsetsToTransaction(Map.of(IN, new OffsetAndMetadata(5)), consumer.groupMetadata());
            producer.abortTransaction();
            assertThat(committed()).isNull();
            producer.beginTransaction();
            send(producer, "kept");
            producer.sendOffsetsToTransaction(Map.of(IN, new OffsetAndMetadata(7)), consumer.groupMetadata());
            producer.commitTransaction();
            await("the offset", () -> committed() != null);
            assertThat(committed().offset()).isEqualTo(7);
            assertThat(read("read_committed")).containsExactly("kept");
        }
    }

    private OffsetAndMetadata committed() throws Exception {
        return admin.listConsumerGroupOffsets("g").partitionsToOffsetAndMetadata().get(30, TimeUnit.SECONDS).get(IN);
    }

    @Test
    void aNewerProducerFencesTheOlderOne() {
        try (KafkaProducer<String, String> old = producer("t"); KafkaProducer<String, String> young = producer("t")) {
            old.initTransactions();
            old.beginTransaction();
            send(old, "old");
            old.flush();
            young.initTransactions();
            young.beginTransaction();
            send(young, "young");
            young.commitTransaction();
            assertThatThrownBy(() -> {
                send(old, "late");
                old.commitTransaction();
            }).satisfies(TransactionsTest::isFenced);
        }
        assertThat(read("read_committed")).containsExactly("young");
    }

    private static void isFenced(Throwable e) {
        boolean fenced = false;
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            fenced |= cause instanceof ProducerFencedException || cause instanceof InvalidProducerEpochException;
        }
        assertThat(fenced).as("%s", e).isTrue();
    }

    @Test
    void aTransactionThatTakesTooLongIsAborted() throws Exception {
        try (KafkaProducer<String, String> producer = producer("t", "transaction.timeout.ms", "500")) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, "slow");
            producer.flush();
            await("the transaction is aborted", () -> describe("t").state() == TransactionState.COMPLETE_ABORT);
            assertThatThrownBy(producer::commitTransaction).isInstanceOf(KafkaException.class);
        }
        assertThat(read("read_committed")).isEmpty();
        assertThat(read("read_uncommitted")).containsExactly("slow");
    }

    @Test
    void aTransactionSurvivesARestartOfTheBroker() throws Exception {
        try (KafkaProducer<String, String> producer = producer("t", "reconnect.backoff.max.ms", "100")) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, "a", "b");
            producer.flush();
            int port = broker.port();
            broker.close();
            broker = EmbeddedBroker.start(dir, store, Map.of("listeners", "PLAINTEXT://127.0.0.1:" + port));
            await("the coordinator", () -> describe("t").state() == TransactionState.ONGOING);
            assertThat(read("read_committed")).isEmpty();
            send(producer, "c", "d");
            producer.commitTransaction();
            producer.beginTransaction();
            send(producer, "e");
            producer.commitTransaction();
        }
        assertThat(read("read_committed")).containsExactlyInAnyOrder("a", "b", "c", "d", "e");
    }

    @Test
    void administratorsSeeTransactions() throws Exception {
        try (KafkaProducer<String, String> producer = producer("t"); KafkaProducer<String, String> other = producer("other")) {
            producer.initTransactions();
            other.initTransactions();
            producer.beginTransaction();
            send(producer, "a", "b");
            producer.flush();
            TransactionDescription open = describe("t");
            assertThat(open.state()).isEqualTo(TransactionState.ONGOING);
            assertThat(open.topicPartitions()).containsExactlyInAnyOrder(new TopicPartition("out", 0), new TopicPartition("out", 1));
            assertThat(open.transactionTimeoutMs()).isEqualTo(60_000);
            assertThat(list(new ListTransactionsOptions())).containsExactlyInAnyOrder("t Ongoing", "other Empty");
            assertThat(list(new ListTransactionsOptions().filterStates(List.of(TransactionState.EMPTY)))).containsExactly("other Empty");
            assertThat(list(new ListTransactionsOptions().filterOnTransactionalIdPattern("o.*"))).containsExactly("other Empty");
            assertThat(list(new ListTransactionsOptions().filterOnDuration(3_600_000).filterStates(List.of(TransactionState.ONGOING)))).isEmpty();
            assertThatThrownBy(() -> admin.abortTransaction(new AbortTransactionSpec(new TopicPartition("out", 0), open.producerId(),
                    (short) open.producerEpoch(), 0)).all().get(30, TimeUnit.SECONDS)).as("it is not left behind").isInstanceOf(ExecutionException.class);
            producer.commitTransaction();
        }
        assertThat(read("read_committed")).containsExactlyInAnyOrder("a", "b");
    }

    private List<String> list(ListTransactionsOptions options) throws Exception {
        return admin.listTransactions(options).all().get(30, TimeUnit.SECONDS).stream()
                .map((TransactionListing t) -> t.transactionalId() + " " + t.state()).toList();
    }

    @Test
    void anOpenTransactionCanBeFencedByAnAdministrator() throws Exception {
        try (KafkaProducer<String, String> producer = producer("t")) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, "a");
            producer.flush();
            admin.fenceProducers(List.of("t")).all().get(30, TimeUnit.SECONDS);
            assertThatThrownBy(producer::commitTransaction).isInstanceOf(KafkaException.class);
        }
        assertThat(read("read_committed")).isEmpty();
    }

    @Test
    void theFeatureIsShown() throws Exception {
        var features = admin.describeFeatures().featureMetadata().get(30, TimeUnit.SECONDS);
        assertThat(features.finalizedFeatures().get("transaction.version").maxVersionLevel()).isEqualTo((short) 2);
        assertThat(features.supportedFeatures().get("transaction.version").maxVersion()).isEqualTo((short) 2);
    }
}
