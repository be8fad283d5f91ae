package org.milena.tests.orders;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The sample's surroundings: Kafka's own clients, which outlive the server. Used by one thread. */
final class Topics implements AutoCloseable {

    private static final int PARTITIONS = 3;
    /** In transactions. */
    private static final List<String> WRITTEN = List.of("shipments", "orders.DLT", "__consumer_offsets");
    private static final List<TransactionState> ENDED = List.of(TransactionState.EMPTY, TransactionState.COMPLETE_COMMIT, TransactionState.COMPLETE_ABORT);

    private final Map<String, Object> client;
    private final Admin admin;
    private final KafkaProducer<String, String> customer;
    private final KafkaConsumer<String, String> shipping;
    private final List<Future<RecordMetadata>> sent = new ArrayList<>();
    private final Set<String> shipped = new HashSet<>();

    Topics(String bootstrap) {
        client = Map.of("bootstrap.servers", bootstrap, "isolation.level", "read_committed", "delivery.timeout.ms", 600_000);
        admin = Admin.create(client);
        customer = new KafkaProducer<>(client, new StringSerializer(), new StringSerializer());
        shipping = consumer(IsolationLevel.READ_COMMITTED);
    }

    private KafkaConsumer<String, String> consumer(IsolationLevel isolation) {
        return new KafkaConsumer<>(Map.of("bootstrap.servers", client.get("bootstrap.servers"), "isolation.level", isolation.name().toLowerCase(java.util.Locale.ROOT)),
                new StringDeserializer(), new StringDeserializer());
    }

    /** @param names the last of them is what {@link #shipped} follows */
    void create(String... names) throws ExecutionException, InterruptedException {
        admin.createTopics(Arrays.stream(names).map(name -> new NewTopic(name, PARTITIONS, (short) 1)).toList()).all().get();
        shipping.assign(partitions(names[names.length - 1]));
        shipping.seekToBeginning(shipping.assignment());
    }

    private static List<TopicPartition> partitions(String topic) {
        return java.util.stream.IntStream.range(0, PARTITIONS).mapToObj(i -> new TopicPartition(topic, i)).toList();
    }

    /** Does not wait; it is sent as soon as somebody takes it, once. */
    void send(String topic, String key, String value) {
        sent.add(customer.send(new ProducerRecord<>(topic, key, value)));
    }

    /** Everything was sent and acknowledged. */
    void flush() throws ExecutionException, InterruptedException {
        customer.flush();
        for (Future<RecordMetadata> each : sent) {
            each.get();
        }
        sent.clear();
    }

    /** The keys that a read_committed reader, who was there all the time, has seen until now. */
    Set<String> shipped() {
        shipping.poll(Duration.ofMillis(100)).forEach(record -> shipped.add(record.key()));
        return shipped;
    }

    /** All of a topic that is committed. */
    List<ConsumerRecord<String, String>> read(String topic) {
        List<ConsumerRecord<String, String>> all = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = consumer(IsolationLevel.READ_COMMITTED)) {
            List<TopicPartition> partitions = all(consumer, topic);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError(topic + " can't be read to its end: " + ends);
                }
                consumer.poll(Duration.ofMillis(200)).forEach(all::add);
            }
        }
        return all;
    }

    /** The group's offsets are at the topic's end: nothing comes again. */
    boolean isConsumed(String group, String topic) throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetAndMetadata> committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        return admin.listOffsets(partitions(topic).stream().collect(Collectors.toMap(p -> p, p -> OffsetSpec.latest()))).all().get().entrySet().stream()
                .allMatch(end -> end.getValue().offset() == 0 || committed.get(end.getKey()) != null && committed.get(end.getKey()).offset() == end.getValue().offset());
    }

    /** No transaction is open, prepared or being ended, and so none hides a record from those who read committed ones. */
    boolean nothingIsOpen() throws ExecutionException, InterruptedException {
        try (KafkaConsumer<String, String> committed = consumer(IsolationLevel.READ_COMMITTED);
             KafkaConsumer<String, String> everything = consumer(IsolationLevel.READ_UNCOMMITTED)) {
            return admin.listTransactions().all().get().stream().allMatch(each -> ENDED.contains(each.state()))
                    && WRITTEN.stream().allMatch(topic -> committed.endOffsets(all(committed, topic)).equals(everything.endOffsets(all(everything, topic))));
        }
    }

    private static List<TopicPartition> all(KafkaConsumer<?, ?> consumer, String topic) {
        return consumer.partitionsFor(topic).stream().map(p -> new TopicPartition(topic, p.partition())).toList();
    }

    @Override
    public void close() {
        shipping.close();
        customer.close(Duration.ZERO);
        admin.close();
    }
}
