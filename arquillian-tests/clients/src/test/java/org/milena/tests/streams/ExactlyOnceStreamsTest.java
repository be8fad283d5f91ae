package org.milena.tests.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.Cluster;
import org.milena.tests.broker.ExternalProcess;

/**
 * {@code processing.guarantee=exactly_once_v2}: the application ends amid input, sometimes in good order and sometimes killed, and
 * is started again. The word count has no cache, so it writes one record a word: read_committed must show each word's counts as
 * 1, 2, 3, … without a gap and without a repetition, whatever the input of an aborted transaction did to store, offsets and output.
 */
@ExtendWith(BrokerUnderTest.class)
class ExactlyOnceStreamsTest {
    private static final List<String> WORDS = List.of("the", "quick", "brown", "fox", "jumps", "over", "lazy", "dog");
    private static final int LIVES = 5;
    /** How many lines the input may be ahead of the counts: there is always some while nobody counts, and never too much. */
    private static final int AHEAD = 400;
    private final Semaphore ahead = new Semaphore(AHEAD);
    private final AtomicBoolean stop = new AtomicBoolean();

    /** What read_committed has shown so far, in order; the output's partition of a word is always the same. */
    private final Map<String, List<Long>> counts = new TreeMap<>();
    private long counted;

    private void read(KafkaConsumer<byte[], byte[]> output) {
        for (ConsumerRecord<byte[], byte[]> record : output.poll(Duration.ofMillis(100))) {
            counts.computeIfAbsent(new String(record.key()), word -> new ArrayList<>()).add(ByteBuffer.wrap(record.value()).getLong());
            if (++counted % 2 == 0) ahead.release();
        }
    }

    private static KafkaConsumer<byte[], byte[]> reader(String topic) {
        KafkaConsumer<byte[], byte[]> consumer = Cluster.consumer(Map.of("isolation.level", "read_committed"));
        consumer.assign(List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1)));
        return consumer;
    }

    /** Waits for so many records in the output; they come while input goes on. */
    private void await(ExternalProcess application, KafkaConsumer<byte[], byte[]> output, long expected) {
        long end = System.nanoTime() + ExternalProcess.PATIENCE.toNanos();
        for (read(output); counted < expected; read(output)) {
            if (System.nanoTime() > end) throw new AssertionError(application.describe(counted + " records instead of " + expected));
        }
    }

    /** Two words a line, until it is stopped. */
    private void write(String topic, AtomicInteger sent) {
        try (KafkaProducer<byte[], byte[]> producer = Cluster.producer(Map.of("linger.ms", 0))) {
            for (ahead.acquireUninterruptibly(); !stop.get(); ahead.acquireUninterruptibly()) {
                producer.send(new ProducerRecord<>(topic, Cluster.bytes(line(sent.getAndIncrement()))));
            }
        } // closing sends the rest
    }

    private void stop(Thread writer) throws InterruptedException {
        stop.set(true);
        ahead.release();
        writer.join(ExternalProcess.PATIENCE.toMillis());
        assertThat(writer.isAlive()).isFalse();
    }

    private static String line(int i) {
        return WORDS.get(i % WORDS.size()) + " " + WORDS.get(i / WORDS.size() % WORDS.size());
    }

    private static Map<String, List<Long>> expected(int lines) {
        Map<String, Long> counts = new TreeMap<>();
        for (int i = 0; i < lines; i++) for (String word : line(i).split(" ")) counts.merge(word, 1L, Long::sum);
        Map<String, List<Long>> all = new TreeMap<>();
        counts.forEach((word, count) -> all.put(word, LongStream.rangeClosed(1, count).boxed().toList()));
        return all;
    }

    @Test
    void everyWordIsCountedExactlyOnceByAnApplicationThatEndsAmidInput(@TempDir Path dir) throws Exception {
        String input = Cluster.topic("eos-lines", 2);
        String output = Cluster.topic("eos-counted", 2);
        String application = Cluster.name("eos-wordcount");
        AtomicInteger sent = new AtomicInteger();
        Thread writer = new Thread(() -> write(input, sent), "writer");
        writer.start();
        try (KafkaConsumer<byte[], byte[]> reader = reader(output)) {
            for (int life = 0; life < LIVES; life++) {
                // The third comes without the local state and restores it from what is committed in the changelog.
                Path state = Files.createDirectories(dir.resolve(life < 2 ? "first" : "second"));
                try (ExternalProcess app = StreamsTest.start(application, state, input, output, "exactly_once_v2")) {
                    await(app, reader, counted + 200);
                    if (life == LIVES - 1) {
                        stop(writer);
                        await(app, reader, 2L * sent.get());
                    }
                    if (life % 2 == 0) {
                        app.closeInput();
                        app.awaitSuccess(ExternalProcess.PATIENCE);
                    } // else closing kills it
                }
            }
            assertThat(counts).isEqualTo(expected(sent.get()));
            assertThat(Cluster.readCommitted(output)).as("no more than was waited for").hasSize((int) counted);
        } finally {
            stop(writer);
        }
    }
}
