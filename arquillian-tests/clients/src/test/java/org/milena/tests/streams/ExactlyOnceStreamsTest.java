package org.milena.tests.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
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

    private static Map<String, List<Long>> counts(String output) {
        Map<String, List<Long>> all = new TreeMap<>();
        Cluster.readCommitted(output).forEach(record ->
            all.computeIfAbsent(new String(record.key()), word -> new ArrayList<>()).add(ByteBuffer.wrap(record.value()).getLong()));
        return all;
    }

    private static long size(Map<String, List<Long>> counts) {
        return counts.values().stream().mapToLong(List::size).sum();
    }

    /** Waits for so many more records in the output; they come while input goes on. */
    private static Map<String, List<Long>> await(ExternalProcess application, String output, long expected) {
        long end = System.nanoTime() + ExternalProcess.PATIENCE.toNanos();
        while (true) {
            Map<String, List<Long>> counts = counts(output);
            if (size(counts) >= expected) return counts;
            if (System.nanoTime() > end) throw new AssertionError(application.describe(size(counts) + " records instead of " + expected));
        }
    }

    /** Two words a line, until it is stopped; the lines that were sent. */
    private static int write(String topic, AtomicBoolean stop, AtomicInteger sent) {
        try (KafkaProducer<byte[], byte[]> producer = Cluster.producer(Map.of("linger.ms", 0))) {
            for (; !stop.get(); sent.incrementAndGet()) {
                producer.send(new ProducerRecord<>(topic, Cluster.bytes(line(sent.get()))));
                if (sent.get() % 10 == 9) producer.flush(); // as fast as the broker, not faster
            }
            producer.flush();
        }
        return sent.get();
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
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger sent = new AtomicInteger();
        Thread writer = new Thread(() -> write(input, stop, sent), "writer");
        writer.start();
        try {
            for (int life = 0; life < LIVES; life++) {
                // The third comes without the local state and restores it from what is committed in the changelog.
                Path state = Files.createDirectories(dir.resolve(life < 2 ? "first" : "second"));
                try (ExternalProcess app = StreamsTest.start(application, state, input, output, "exactly_once_v2")) {
                    await(app, output, size(counts(output)) + 200);
                    if (life == LIVES - 1) {
                        stop.set(true);
                        writer.join(ExternalProcess.PATIENCE.toMillis());
                        await(app, output, 2L * sent.get());
                    }
                    if (life % 2 == 0) {
                        app.closeInput();
                        app.awaitSuccess(ExternalProcess.PATIENCE);
                    } // else closing kills it
                }
            }
        } finally {
            stop.set(true);
            writer.join(ExternalProcess.PATIENCE.toMillis());
        }
        assertThat(counts(output)).isEqualTo(expected(sent.get()));
    }
}
