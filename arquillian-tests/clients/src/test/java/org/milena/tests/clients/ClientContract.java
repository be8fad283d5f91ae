package org.milena.tests.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.Cluster;
import org.milena.tests.broker.ExternalProcess;
import org.milena.tests.wire.Batches;

/** What every client library must be able to do, whatever its protocol's age. A subclass names the library. */
@ExtendWith(BrokerUnderTest.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.CONCURRENT)
abstract class ClientContract {
    static final Duration PATIENCE = ExternalProcess.PATIENCE;
    private static final long BASE = System.currentTimeMillis() - 3_600_000;
    Driver driver;

    abstract Driver driver();

    /** Why the library cannot leave out what was aborted; null if it can. */
    String cannotReadCommitted() {
        return null;
    }

    @BeforeAll
    void clientIsHere() {
        driver = driver();
        Availability.require(driver.available());
    }

    List<String> run(List<String> input, String verb, String... arguments) {
        try (ExternalProcess process = driver.run(verb, arguments)) {
            process.write(input);
            process.closeInput();
            return process.awaitSuccess(PATIENCE);
        }
    }

    private void produce(List<Rec> records, String... arguments) {
        run(records.stream().map(Rec::line).toList(), "produce", arguments);
    }

    private static List<Rec> assorted(int partitions, int count) {
        List<Rec> records = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Rec plain = Rec.of(i % partitions, BASE + i, i % 5 == 0 && i % 7 != 3 ? null : "key-" + i, switch (i % 7) {
                case 3 -> null;
                case 4 -> "";
                default -> "value " + i + " äöü " + "x".repeat(i * 13 % 300);
            });
            records.add(i % 3 == 0 ? plain.with("source", "test " + i).with("empty", "") : plain);
        }
        return records;
    }

    @Test
    void everyCodecKeepsKeysValuesHeadersTimestampsTombstonesAndOrder() {
        List<Rec> records = assorted(3, 60);
        String prefix = Cluster.name(driver.name() + "-codecs");
        List<String> topics = driver.codecs().stream().map(codec -> prefix + "." + codec).toList();
        topics.forEach(topic -> Cluster.create(topic, 3, Map.of()));
        produce(records, "topic=" + prefix, "codecs=" + String.join(",", driver.codecs()));
        for (int i = 0; i < topics.size(); i++) {
            List<Rec> stored = Cluster.readAll(topics.get(i)).stream().map(Rec::of).toList();
            assertThat(Rec.byPartition(stored)).isEqualTo(Rec.byPartition(records));
            assertThat(Batches.of(topics.get(i), 0)).extracting(batch -> batch.compressionType().name).containsOnly(driver.codecs().get(i));
        }
        List<Rec.Read> read = Rec.Read.parse(run(List.of(), "consume", "topics=" + String.join(",", topics), "group=" + prefix,
            "count=" + records.size() * topics.size()));
        for (String topic : topics) {
            List<Rec> own = read.stream().filter(r -> r.topic().equals(topic)).map(Rec.Read::record).toList();
            assertThat(Rec.byPartition(own)).as(topic).isEqualTo(Rec.byPartition(records));
        }
    }

    @Test
    void aNewProcessResumesFromTheCommittedOffsets() {
        String topic = Cluster.topic(driver.name() + "-resume", 3);
        Cluster.produce(Cluster.numbered(topic, 3, 0, 60).toList());
        List<Rec.Read> first = Rec.Read.parse(run(List.of(), "consume", "topics=" + topic, "group=" + topic, "count=25"));
        assertThat(first).hasSize(25);
        Map<TopicPartition, Long> expected = first.stream().collect(Collectors.toMap(
            read -> new TopicPartition(topic, read.record().partition()), read -> read.offset() + 1, Math::max));
        Map<TopicPartition, Long> committed = Cluster.committed(topic).entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().offset()));
        assertThat(committed).containsAllEntriesOf(expected);
        assertThat(committed.values().stream().mapToLong(offset -> offset).sum()).isEqualTo(25);
        List<Rec.Read> rest = Rec.Read.parse(run(List.of(), "consume", "topics=" + topic, "group=" + topic, "count=35"));
        List<Rec> both = IntStream.range(0, 60).mapToObj(i -> (i < 25 ? first.get(i) : rest.get(i - 25)).record()).toList();
        List<Rec> all = Cluster.readAll(topic).stream().map(Rec::of).toList();
        assertThat(Rec.byPartition(both)).isEqualTo(Rec.byPartition(all));
        assertThat(Cluster.committed(topic).values()).extracting(OffsetAndMetadata::offset).containsExactly(20L, 20L, 20L);
    }

    @Test
    void twoMembersShareAGroupAndTheOneLeftTakesOver() {
        String topic = Cluster.topic(driver.name() + "-share", 4);
        Set<String> all = new TreeSet<>(List.of(topic + "-0", topic + "-1", topic + "-2", topic + "-3"));
        try (ExternalProcess one = driver.run("member", "topics=" + topic, "group=" + topic)) {
            one.await("all partitions", PATIENCE, out -> assignment(out).equals(all));
            try (ExternalProcess two = driver.run("member", "topics=" + topic, "group=" + topic)) {
                two.await("two partitions", PATIENCE, out -> assignment(out).size() == 2);
                one.await("the other two", PATIENCE, out -> assignment(out).size() == 2);
                Set<String> union = new TreeSet<>(assignment(one.out()));
                union.addAll(assignment(two.out()));
                assertThat(union).isEqualTo(all);
                Cluster.produce(Cluster.numbered(topic, 4, 0, 80).toList());
                one.await("its half", PATIENCE, out -> Rec.Read.parse(out).size() == 40);
                two.await("its half", PATIENCE, out -> Rec.Read.parse(out).size() == 40);
                two.closeInput();
                two.awaitSuccess(PATIENCE);
            }
            one.await("all partitions again", PATIENCE, out -> assignment(out).equals(all));
            Cluster.produce(Cluster.numbered(topic, 4, 80, 20).toList());
            one.await("all of the rest", PATIENCE, out -> Rec.Read.parse(out).size() == 60);
            one.closeInput();
            one.awaitSuccess(PATIENCE);
        }
        assertThat(Cluster.committed(topic).values()).extracting(OffsetAndMetadata::offset).containsExactly(25L, 25L, 25L, 25L);
    }

    private static Set<String> assignment(List<String> output) {
        String last = output.stream().filter(line -> line.startsWith("assigned")).reduce((a, b) -> b).orElse("assigned");
        return new TreeSet<>(Arrays.asList(last.split("\t")).subList(1, last.split("\t").length));
    }

    @Test
    void theIdempotentProducerNumbersItsBatches() {
        Assumptions.assumeTrue(driver.idempotent(), driver.name() + " has no idempotent producer");
        String prefix = Cluster.name(driver.name() + "-idempotent");
        Cluster.create(prefix + ".none", 1, Map.of());
        List<Rec> records = assorted(1, 50);
        produce(records, "topic=" + prefix, "codecs=none", "idempotent=true");
        assertThat(Cluster.readAll(prefix + ".none").stream().map(Rec::of).toList()).isEqualTo(records);
        List<? extends RecordBatch> batches = Batches.of(prefix + ".none", 0);
        assertThat(batches).isNotEmpty().allSatisfy(batch -> {
            assertThat(batch.producerId()).isNotNegative();
            assertThat((long) batch.baseSequence()).isEqualTo(batch.baseOffset());
        });
    }

    @Test
    void aReaderOfCommittedSeesCommittedRecordsOnlyAndInOrder() {
        Assumptions.assumeTrue(cannotReadCommitted() == null, cannotReadCommitted());
        String topic = Cluster.topic(driver.name() + "-committed", 2);
        List<Rec> kept = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer = Cluster.producer(Map.of("transactional.id", topic))) {
            producer.initTransactions();
            for (int transaction = 0; transaction < 9; transaction++) {
                producer.beginTransaction();
                List<Rec> records = IntStream.range(transaction * 10, transaction * 10 + 10)
                    .mapToObj(i -> Rec.of(i % 2, BASE + i, "key-" + i, "value " + i)).toList();
                records.forEach(record -> producer.send(record.to(topic)));
                producer.flush();
                if (transaction % 3 == 0) kept.addAll(records);
                if (transaction % 3 == 0) producer.commitTransaction(); else producer.abortTransaction();
            }
            Cluster.produce(List.of(Rec.of(0, BASE + 1000, "plain", "a record without a transaction").to(topic)));
            kept.add(Rec.of(0, BASE + 1000, "plain", "a record without a transaction"));
        }
        List<Rec.Read> read = Rec.Read.parse(run(List.of(), "consume", "topics=" + topic, "group=" + topic, "count=" + kept.size(), "isolation=read_committed"));
        assertThat(Rec.byPartition(read.stream().map(Rec.Read::record).toList())).isEqualTo(Rec.byPartition(kept));
        List<Rec.Read> all = Rec.Read.parse(run(List.of(), "consume", "topics=" + topic, "group=" + topic + "-all", "count=91", "isolation=read_uncommitted"));
        assertThat(Rec.byPartition(all.stream().map(Rec.Read::record).toList()))
            .isEqualTo(Rec.byPartition(Cluster.readAll(topic).stream().map(Rec::of).toList()));
    }

    @Test
    void findsOffsetsByTime() {
        String topic = Cluster.topic(driver.name() + "-time", 2);
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < 10; i++) records.add(new ProducerRecord<>(topic, 1, BASE + i * 1000L, null, Cluster.bytes("v" + i)));
        Cluster.produce(records);
        assertThat(run(List.of(), "time", "topic=" + topic, "partition=1", "timestamp=" + (BASE + 3500))).contains("offset\t4");
        assertThat(run(List.of(), "time", "topic=" + topic, "partition=1", "timestamp=" + BASE)).contains("offset\t0");
        assertThat(run(List.of(), "time", "topic=" + topic, "partition=1", "timestamp=" + (BASE + 9001))).contains("offset\t-1");
    }

    @Test
    void aMessageOf900KilobytesGoesThrough() {
        String prefix = Cluster.name(driver.name() + "-large");
        Cluster.create(prefix + ".none", 1, Map.of());
        StringBuilder large = new StringBuilder();
        for (int i = 0; large.length() < 900_000; i++) large.append(Integer.toHexString(i * 0x9E3779B9));
        Rec record = Rec.of(0, BASE, "large", large.toString());
        produce(List.of(record), "topic=" + prefix, "codecs=none");
        assertThat(Cluster.readAll(prefix + ".none").stream().map(Rec::of).toList()).isEqualTo(List.of(record));
        List<Rec.Read> read = Rec.Read.parse(run(List.of(), "consume", "topics=" + prefix + ".none", "group=" + prefix, "count=1"));
        assertThat(read).extracting(Rec.Read::record).isEqualTo(List.of(record));
    }

    @Test
    void producingToATopicThatDoesNotExistCreatesIt() {
        String prefix = Cluster.name(driver.name() + "-auto");
        List<Rec> records = assorted(1, 5);
        produce(records, "topic=" + prefix, "codecs=none");
        List<ConsumerRecord<byte[], byte[]>> stored = Cluster.readAll(prefix + ".none");
        assertThat(stored.stream().map(Rec::of).toList()).isEqualTo(records);
    }
}
