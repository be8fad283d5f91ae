package org.milena.tests.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.Cluster;
import org.milena.tests.broker.ExternalProcess;
import org.milena.tests.broker.Jvm;

/** Kafka's command-line tools that send and receive. */
@ExtendWith(BrokerUnderTest.class)
class KafkaTrafficToolsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static Tools tools;

    @BeforeAll
    static void start() {
        tools = new Tools();
    }

    @AfterAll
    static void stop() {
        tools.close();
    }

    private static List<String> with(String... arguments) {
        return java.util.stream.Stream.concat(java.util.stream.Stream.of("--bootstrap-server", BrokerUnderTest.bootstrap()),
            java.util.stream.Stream.of(arguments)).toList();
    }

    @Test
    void theConsoleProducerWritesAndTheConsoleConsumerReads() {
        String topic = Cluster.topic("tool-console", 1);
        String input = IntStream.range(0, 20).mapToObj(i -> "key" + i + ":value " + i + "\n").collect(Collectors.joining());
        tools.run("ConsoleProducer", input, with("--topic", topic, "--reader-property", "parse.key=true", "--reader-property", "key.separator=:")).ok();
        Tools.Result read = tools.run("consumer.ConsoleConsumer", "", with("--topic", topic, "--from-beginning", "--max-messages", "20",
            "--timeout-ms", "30000", "--formatter-property", "print.key=true", "--formatter-property", "key.separator=:")).ok();
        assertThat(read.lines()).isEqualTo(input.lines().toList());
        assertThat(read.err()).contains("Processed a total of 20 messages");
    }

    @Test
    void theConsoleConsumerCommitsForItsGroup() {
        String topic = Cluster.topic("tool-console-group", 1);
        Cluster.produce(Cluster.numbered(topic, 1, 0, 10).toList());
        List<String> first = tools.run("consumer.ConsoleConsumer", "", with("--topic", topic, "--group", topic, "--from-beginning",
            "--max-messages", "4", "--timeout-ms", "30000")).ok().lines();
        List<String> rest = tools.run("consumer.ConsoleConsumer", "", with("--topic", topic, "--group", topic, "--from-beginning",
            "--max-messages", "6", "--timeout-ms", "30000")).ok().lines();
        assertThat(first).containsExactly("v0", "v1", "v2", "v3");
        assertThat(rest).containsExactly("v4", "v5", "v6", "v7", "v8", "v9");
    }

    @Test
    void theVerifiableProducerGetsAnAcknowledgementForEachAndTheVerifiableConsumerSeesThemInOrder() {
        String topic = Cluster.topic("tool-verifiable", 1);
        // They say their last words when they are told to stop, by a signal: each needs a JVM of its own.
        String jars = Jvm.testClasses() + File.pathSeparator + Jvm.libs("tools");
        List<String> send = with("--topic", topic, "--max-messages", "500", "--acks", "-1");
        try (ExternalProcess producer = Jvm.start(jars, List.of(), "org.apache.kafka.tools.VerifiableProducer", send)) {
            List<String> said = producer.awaitSuccess(PATIENCE);
            assertThat(said).filteredOn(line -> line.contains("producer_send_success")).hasSize(500);
            assertThat(said).anyMatch(line -> line.contains("\"name\":\"tool_data\"") && line.contains("\"acked\":500"));
        }
        List<String> arguments = with("--topic", topic, "--group-id", topic, "--max-messages", "500", "--reset-policy", "earliest");
        try (ExternalProcess consumer = Jvm.start(jars, List.of(), "org.apache.kafka.tools.VerifiableConsumer", arguments)) {
            consumer.await("offsets committed", PATIENCE, out -> out.stream().anyMatch(
                line -> line.contains("offsets_committed") && line.contains("\"offset\":500") && line.contains("\"success\":true")));
            consumer.terminate();
            consumer.awaitExit(PATIENCE);
            assertThat(consumer.out()).anyMatch(line -> line.contains("partitions_assigned") && line.contains(topic))
                .anyMatch(line -> line.contains("shutdown_complete"));
        }
        assertThat(Cluster.committed(topic).values()).extracting(offset -> offset.offset()).containsExactly(500L);
    }

    @Test
    void theProducerPerformanceTestAndTheConsumersRun() {
        String topic = Cluster.topic("tool-perf", 3);
        Tools.Result sent = tools.run("ProducerPerformance", "", List.of("--topic", topic, "--num-records", "20000", "--record-size", "100",
            "--throughput", "-1", "--producer-props", "bootstrap.servers=" + BrokerUnderTest.bootstrap(), "acks=all", "compression.type=lz4")).ok();
        assertThat(sent.out()).contains("20000 records sent", "99.9th");
        Tools.Result read = tools.run("ConsumerPerformance", "", with("--topic", topic, "--num-records", "20000", "--timeout", "30000")).ok();
        assertThat(read.out()).containsPattern("(?s)data.consumed.in.nMsg.*, 20[0-9]{3},");
    }

    @Test
    void endToEndLatencyIsMeasured() {
        String topic = Cluster.topic("tool-latency", 1);
        assertThat(tools.run("EndToEndLatency", "", List.of("--bootstrap-server", BrokerUnderTest.bootstrap(), "--topic", topic,
            "--num-records", "200", "--producer-acks", "all", "--record-size", "50")).ok().out()).contains("Avg latency: ", "Percentiles: 50th = ");
    }
}
