package org.milena.tests.broker;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** What tests prepare and check through the product's own release of the Java client. Thread-safe. */
public final class Cluster {
    private static final Duration PATIENCE = ExternalProcess.PATIENCE;
    private static final long SECONDS = PATIENCE.toSeconds();
    private static Admin admin;

    private Cluster() { }

    public static synchronized Admin admin() {
        if (admin == null) admin = Admin.create(Map.of("bootstrap.servers", BrokerUnderTest.bootstrap()));
        return admin;
    }

    public static String name(String prefix) {
        return prefix + "-" + UUID.randomUUID().toString().substring(0, 8);
    }

    public static String topic(String prefix, int partitions) {
        return topic(prefix, partitions, Map.of());
    }

    public static String topic(String prefix, int partitions, Map<String, String> configs) {
        String topic = name(prefix);
        create(topic, partitions, configs);
        return topic;
    }

    /** Creates the topic and waits until each partition serves: Kafka answers a little earlier. */
    public static void create(String topic, int partitions, Map<String, String> configs) {
        get(admin().createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.empty()).configs(configs))).all());
        Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) latest.put(new TopicPartition(topic, partition), OffsetSpec.latest());
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                get(admin().listOffsets(latest).all());
                return;
            } catch (UnknownTopicOrPartitionException notYet) {
                if (System.nanoTime() > deadline) throw notYet;
            }
        }
    }

    /** The future's value; its error is thrown as it is. */
    public static <T> T get(KafkaFuture<T> future) {
        try {
            return future.get(SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) throw cause;
            throw new AssertionError(e.getCause());
        } catch (TimeoutException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    public static KafkaProducer<byte[], byte[]> producer(Map<String, Object> extra) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", BrokerUnderTest.bootstrap(), "acks", "all"));
        config.putAll(extra);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Sends all and waits for their acknowledgements. */
    public static void produce(List<ProducerRecord<byte[], byte[]>> records) {
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
            List<java.util.concurrent.Future<?>> sent = new ArrayList<>();
            for (ProducerRecord<byte[], byte[]> record : records) sent.add(producer.send(record));
            for (java.util.concurrent.Future<?> future : sent) future.get(SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    public static KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> extra) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", BrokerUnderTest.bootstrap(),
            "auto.offset.reset", "earliest", "enable.auto.commit", false, "fetch.max.wait.ms", 50));
        config.putAll(extra);
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Every record of the topic up to its end as of now, in the order of each partition. */
    public static List<ConsumerRecord<byte[], byte[]>> readAll(String topic) {
        return readAll(topic, Map.of());
    }

    /** The same of what is committed: up to the last stable offset as of now. */
    public static List<ConsumerRecord<byte[], byte[]>> readCommitted(String topic) {
        return readAll(topic, Map.of("isolation.level", "read_committed"));
    }

    private static List<ConsumerRecord<byte[], byte[]>> readAll(String topic, Map<String, Object> config) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(config)) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic, PATIENCE).stream()
                .map(info -> new TopicPartition(topic, info.partition())).toList();
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, PATIENCE);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                if (System.nanoTime() > deadline) throw new AssertionError("read " + all.size() + " records of " + topic + ", ends " + ends);
                consumer.poll(Duration.ofMillis(100)).forEach(all::add);
            }
            return all;
        }
    }

    public static Map<TopicPartition, OffsetAndMetadata> committed(String group) {
        return get(admin().listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
    }

    /** Numbered records, spread over the partitions, keys by partition. */
    public static Stream<ProducerRecord<byte[], byte[]>> numbered(String topic, int partitions, int from, int count) {
        return Stream.iterate(from, i -> i + 1).limit(count).map(i -> new ProducerRecord<>(topic, i % partitions,
            bytes("k" + i % partitions), bytes("v" + i)));
    }

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
