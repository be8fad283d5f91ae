package org.milena.broker.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A whole Apache Kafka in JVMs of its own: one KRaft node, and the tools. The jars are those of module kafka-libs, whose {@code target} the system property
 * {@code milena.test.kafka.libs} names.
 */
public final class KafkaPeer implements AutoCloseable {
    private static final String CLUSTER_ID = "AAAAAAAAQACAAAAAAAAAAQ";
    private static final long TOOL_SECONDS = 120;

    private final Path directory;
    private final int port;
    private Process broker;

    /**
     * @param directory for data and output; formatted when new
     * @param port      the controller has the next one
     */
    public KafkaPeer(Path directory, int port) {
        this.directory = directory;
        this.port = port;
    }

    public Path logDirectory() {
        return directory.resolve("data");
    }

    public String bootstrap() {
        return "127.0.0.1:" + port;
    }

    public void start() throws Exception {
        Files.createDirectories(directory);
        Path properties = directory.resolve("server.properties");
        Files.writeString(properties, """
            process.roles=broker,controller
            node.id=1
            listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d
            controller.listener.names=CONTROLLER
            listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
            controller.quorum.voters=1@127.0.0.1:%d
            log.dirs=%s
            offsets.topic.replication.factor=1
            transaction.state.log.replication.factor=1
            transaction.state.log.min.isr=1
            transaction.state.log.num.partitions=1
            log.cleaner.backoff.ms=200
            """.formatted(port, port + 1, port + 1, logDirectory()));
        if (!Files.exists(logDirectory().resolve("meta.properties"))) {
            tool("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", properties.toString());
        }
        broker = java("kafka.Kafka", properties.toString()).redirectOutput(ProcessBuilder.Redirect.appendTo(output().toFile())).start();
    }

    /** What the broker has printed, for messages. */
    public Path output() {
        return directory.resolve("broker.out");
    }

    public boolean isAlive() {
        return broker.isAlive();
    }

    public void stop() throws InterruptedException {
        broker.destroy();
        if (!broker.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("Kafka did not stop within 60 s, see " + output());
        }
    }

    public void kill() throws InterruptedException {
        broker.destroyForcibly().waitFor(60, TimeUnit.SECONDS);
    }

    /** Runs one of Kafka's main classes to its end; fails with its output when it fails. */
    public static String tool(String main, String... arguments) throws IOException, InterruptedException {
        Path output = Files.createTempFile("kafka-tool", ".out");
        try {
            Process process = java(main, arguments).redirectOutput(output.toFile()).start();
            if (!process.waitFor(TOOL_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(main + " did not end within " + TOOL_SECONDS + " s: " + Files.readString(output));
            }
            String text = Files.readString(output);
            if (process.exitValue() != 0) {
                throw new AssertionError(main + " ended with " + process.exitValue() + ": " + text);
            }
            return text;
        } finally {
            Files.delete(output);
        }
    }

    private static ProcessBuilder java(String main, String... arguments) {
        String classPath = Path.of(System.getProperty("milena.test.kafka.libs"), "tools") + File.separator + "*";
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
            "-Xmx512m", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=WARN", "-cp", classPath, main));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    @Override
    public void close() throws InterruptedException {
        if (broker != null) {
            kill();
        }
    }
}
