package org.milena.broker.faults;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.milena.broker.testing.EmbeddedBroker;

/** What the fault tests have in common: real clients, deadlines that no healthy run reaches, and the seed of a random run. */
final class Scene {

    static final boolean LONG = Boolean.getBoolean("milena.long");
    static final long PATIENCE_S = 120;

    static final int SESSION_MS = 2000;
    /** Broker settings under which members of {@link #member} live. */
    static final Map<String, String> SHORT_SESSIONS = Map.of("group.min.session.timeout.ms", "1000",
            "group.consumer.min.session.timeout.ms", "1000", "group.consumer.session.timeout.ms", String.valueOf(SESSION_MS),
            "group.consumer.min.heartbeat.interval.ms", "100", "group.consumer.heartbeat.interval.ms", "300");

    private Scene() {
    }

    /** {@code -Dseed=} repeats a run. Printed, so that a failed one can be repeated. */
    static long seed(String test) {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println(test + ": -Dseed=" + seed);
        return seed;
    }

    static int count(int reduced, int full) {
        return LONG ? full : reduced;
    }

    /** Waits for something that happens on another thread. */
    static void await(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (!condition.call()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("Did not come: " + what);
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    static Properties properties(int port, String... more) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", "127.0.0.1:" + port);
        properties.put("reconnect.backoff.max.ms", "200");
        properties.put("retry.backoff.max.ms", "200");
        for (int i = 0; i < more.length; i += 2) {
            properties.put(more[i], more[i + 1]);
        }
        return properties;
    }

    static void createTopic(int port, String topic, int partitions, Map<String, String> configs) throws Exception {
        try (Admin admin = Admin.create(properties(port))) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(configs))).all().get(PATIENCE_S, TimeUnit.SECONDS);
        }
    }

    static KafkaProducer<byte[], byte[]> producer(int port, String... more) {
        return new KafkaProducer<>(properties(port, more), new ByteArraySerializer(), new ByteArraySerializer());
    }

    static KafkaConsumer<byte[], byte[]> consumer(int port, String... more) {
        Properties properties = properties(port, "auto.offset.reset", "earliest", "enable.auto.commit", "false");
        for (int i = 0; i < more.length; i += 2) {
            properties.put(more[i], more[i + 1]);
        }
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** A member of group "g" that reads topic "t" and must be heard of every {@link #SESSION_MS}. */
    static GroupMember member(int port, String protocol) {
        return protocol.equals("consumer") ? new GroupMember(port, "t", "group.id", "g", "group.protocol", "consumer")
                : new GroupMember(port, "t", "group.id", "g", "group.protocol", "classic",
                        "session.timeout.ms", String.valueOf(SESSION_MS), "heartbeat.interval.ms", "300");
    }

    static Future<RecordMetadata> send(KafkaProducer<byte[], byte[]> producer, TopicPartition partition, String value) {
        return producer.send(new ProducerRecord<>(partition.topic(), partition.partition(), null, value.getBytes()));
    }

    static RecordMetadata get(Future<RecordMetadata> sent) throws Exception {
        return sent.get(PATIENCE_S, TimeUnit.SECONDS);
    }

    /** Everything a partition holds, from its start to its end as of now. */
    static List<ConsumerRecord<byte[], byte[]>> readAll(int port, TopicPartition partition) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(port)) {
            consumer.assign(List.of(partition));
            long end = consumer.endOffsets(List.of(partition), Duration.ofSeconds(PATIENCE_S)).get(partition);
            consumer.seekToBeginning(List.of(partition));
            List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
            while (consumer.position(partition) < end) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("Read " + all.size() + " of " + partition + " up to " + end);
                }
                consumer.poll(Duration.ofMillis(100)).forEach(all::add);
            }
            return all;
        }
    }

    /** One partition of the topic in each log directory, in the order of the directories. */
    static List<TopicPartition> onePerDirectory(EmbeddedBroker broker, String topic, int partitions, List<Path> directories) {
        return directories.stream().map(dir -> {
            for (int i = 0; i < partitions; i++) {
                if (broker.broker().replicas().partition(topic, i).log().directory().path().equals(dir)) {
                    return new TopicPartition(topic, i);
                }
            }
            throw new AssertionError("No partition of " + topic + " is in " + dir);
        }).toList();
    }
}
