package org.milena.tests.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.Cluster;
import org.milena.tests.broker.ExternalProcess;
import org.milena.tests.wire.Batches;

/** kcat, the way our README shows it. It speaks text and can't set timestamps, so it has tests of its own. */
@ExtendWith(BrokerUnderTest.class)
class KcatTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @BeforeAll
    static void kcatIsHere() {
        Availability.require(Availability.problem("kcat", List.of("kcat", "-V"), Map.of()));
    }

    private static ExternalProcess start(String... arguments) {
        List<String> command = new ArrayList<>(List.of("kcat", "-b", BrokerUnderTest.bootstrap()));
        command.addAll(List.of(arguments));
        return ExternalProcess.start(command, Map.of());
    }

    private static List<String> kcat(List<String> input, String... arguments) {
        try (ExternalProcess kcat = start(arguments)) {
            kcat.write(input);
            kcat.closeInput();
            return kcat.awaitSuccess(PATIENCE);
        }
    }

    @Test
    void producesWithEveryCodecAndReadsBack() {
        List<String> lines = IntStream.range(0, 50).mapToObj(i -> "k" + i + "=value " + i + " ä").toList();
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            String topic = Cluster.topic("kcat-" + codec, 1);
            kcat(lines, "-P", "-t", topic, "-K", "=", "-z", codec, "-H", "source=kcat", "-X", "linger.ms=100");
            assertThat(Batches.of(topic, 0)).extracting(batch -> batch.compressionType().name).containsOnly(codec);
            assertThat(Cluster.readAll(topic)).hasSize(50)
                .allSatisfy(record -> assertThat(record.headers().lastHeader("source").value()).asString().isEqualTo("kcat"));
            assertThat(kcat(List.of(), "-C", "-t", topic, "-e", "-q", "-f", "%k=%s\n")).isEqualTo(lines);
        }
    }

    @Test
    void producesTombstonesAndShowsThemAsNull() {
        String topic = Cluster.topic("kcat-null", 1);
        kcat(List.of("a=", "b=2"), "-P", "-t", topic, "-K", "=", "-Z");
        assertThat(Cluster.readAll(topic).get(0).value()).isNull();
        assertThat(kcat(List.of(), "-C", "-t", topic, "-e", "-q", "-Z", "-f", "%k %S %s\n")).containsExactly("a -1 NULL", "b 1 2");
    }

    @Test
    void aGroupResumesWhereItStopped() {
        String topic = Cluster.topic("kcat-group", 1);
        Cluster.produce(Cluster.numbered(topic, 1, 0, 20).toList());
        List<String> first = kcat(List.of(), "-G", topic, "-c", "8", "-q", "-X", "auto.offset.reset=earliest", topic);
        assertThat(first).isEqualTo(IntStream.range(0, 8).mapToObj(i -> "v" + i).toList());
        assertThat(Cluster.committed(topic).values()).extracting(OffsetAndMetadata::offset).containsExactly(8L);
        List<String> rest = kcat(List.of(), "-G", topic, "-c", "12", "-q", "-X", "auto.offset.reset=earliest", topic);
        assertThat(rest).isEqualTo(IntStream.range(8, 20).mapToObj(i -> "v" + i).toList());
    }

    @Test
    void listsMetadataAndQueriesOffsetsByTime() {
        String topic = Cluster.topic("kcat-list", 3);
        assertThat(kcat(List.of(), "-L", "-t", topic)).anyMatch(line -> line.contains("topic \"" + topic + "\" with 3 partitions:"))
            .anyMatch(line -> line.contains("partition 2, leader "));
        Cluster.produce(Cluster.numbered(topic, 3, 0, 9).toList());
        assertThat(kcat(List.of(), "-Q", "-t", topic + ":1:0")).anyMatch(line -> line.contains(topic + " [1] offset 0"));
        assertThat(kcat(List.of(), "-Q", "-t", topic + ":1:-1")).anyMatch(line -> line.contains(topic + " [1] offset 3"));
    }

    @Test
    void readsTheLastRecords() {
        String topic = Cluster.topic("kcat-tail", 1);
        Cluster.produce(Cluster.numbered(topic, 1, 0, 20).toList());
        assertThat(kcat(List.of(), "-C", "-t", topic, "-o", "-3", "-e", "-q")).containsExactly("v17", "v18", "v19");
    }

    @Test
    void producesInATopicThatDoesNotExistYet() {
        String topic = Cluster.name("kcat-auto");
        kcat(List.of("hello"), "-P", "-t", topic);
        assertThat(kcat(List.of(), "-C", "-t", topic, "-e", "-q")).containsExactly("hello");
    }
}
