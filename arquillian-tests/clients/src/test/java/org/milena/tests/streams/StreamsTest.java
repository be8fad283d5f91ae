package org.milena.tests.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.Cluster;
import org.milena.tests.broker.ExternalProcess;
import org.milena.tests.broker.Jvm;

/** A Kafka Streams application with a state store: its internal topics, and its state after it lost its disk. */
@ExtendWith(BrokerUnderTest.class)
class StreamsTest {
    private static final Duration PATIENCE = ExternalProcess.PATIENCE;

    private static ExternalProcess start(String application, Path state, String input, String output) {
        return start(application, state, input, output, "at_least_once");
    }

    static ExternalProcess start(String application, Path state, String input, String output, String guarantee) {
        return Jvm.start(Jvm.testClasses() + File.pathSeparator + Jvm.libs("tools"),
            List.of("-Dlog4j2.configurationFile=" + Jvm.testClasses() + "/log4j2-quiet.properties"), WordCount.class.getName(),
            List.of(BrokerUnderTest.bootstrap(), application, state.toString(), input, output, guarantee));
    }

    private static void write(String topic, String... lines) {
        Cluster.produce(java.util.stream.Stream.of(lines).map(line -> new ProducerRecord<byte[], byte[]>(topic, Cluster.bytes(line))).toList());
    }

    private static Map<String, Long> counts(String output) {
        Map<String, Long> last = new TreeMap<>();
        Cluster.readAll(output).forEach(record -> last.put(new String(record.key()), ByteBuffer.wrap(record.value()).getLong()));
        return last;
    }

    private static void awaitCounts(ExternalProcess application, String output, Map<String, Long> expected) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!counts(output).equals(expected)) {
            if (System.nanoTime() > end) throw new AssertionError(application.describe(counts(output) + " instead of " + expected));
        }
    }

    @Test
    void wordsAreCountedAndTheCountsSurviveTheLossOfTheLocalState(@TempDir Path first, @TempDir Path second) {
        String input = Cluster.topic("lines", 2);
        String output = Cluster.topic("counted", 2);
        String application = Cluster.name("wordcount");
        write(input, "the quick brown fox", "the lazy dog", "The end");
        try (ExternalProcess app = start(application, first, input, output)) {
            awaitCounts(app, output, Map.of("the", 3L, "quick", 1L, "brown", 1L, "fox", 1L, "lazy", 1L, "dog", 1L, "end", 1L));
            app.closeInput();
            app.awaitSuccess(PATIENCE);
        }
        String changelog = application + "-counts-changelog";
        assertThat(Cluster.get(Cluster.admin().listTopics().names())).contains(changelog, application + "-words-repartition");
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, changelog);
        assertThat(Cluster.get(Cluster.admin().describeConfigs(List.of(resource)).all()).get(resource).get("cleanup.policy").value())
            .isEqualTo("compact");
        write(input, "the fox again");
        try (ExternalProcess app = start(application, second, input, output)) {
            awaitCounts(app, output, Map.of("the", 4L, "quick", 1L, "brown", 1L, "fox", 2L, "lazy", 1L, "dog", 1L, "end", 1L, "again", 1L));
            assertThat(app.out().stream().filter(line -> line.startsWith("restored")).mapToLong(line -> Long.parseLong(line.split(" ")[1])).sum())
                .as("records restored from the changelog").isGreaterThanOrEqualTo(7);
            app.write(List.of("fox"));
            app.await("the count out of the store", PATIENCE, out -> out.contains("count fox 2"));
            app.closeInput();
            app.awaitSuccess(PATIENCE);
        }
    }
}
