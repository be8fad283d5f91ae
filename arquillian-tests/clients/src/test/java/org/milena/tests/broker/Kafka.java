package org.milena.tests.broker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Apache Kafka itself, one node: what our tests are calibrated against. Stopped when closed. */
public final class Kafka implements AutoCloseable {
    private final ExternalProcess process;
    private final String bootstrap;

    public Kafka(Path dir) {
        int port = Ports.free();
        int controller = Ports.free();
        bootstrap = "127.0.0.1:" + port;
        String jars = Jvm.libs("tools");
        List<String> quiet = List.of("-Dlog4j2.configurationFile=" + Jvm.testClasses() + "/log4j2-quiet.properties");
        try {
            Files.createDirectories(dir);
            Path properties = dir.resolve("server.properties");
            Files.writeString(properties, properties(dir, port, controller));
            if (!Files.exists(dir.resolve("data/meta.properties"))) {
                try (ExternalProcess format = Jvm.start(jars, quiet, "kafka.tools.StorageTool",
                        List.of("format", "-t", "AAAAAAAAQACAAAAAAAAAAQ", "-c", properties.toString()))) {
                    format.awaitSuccess(ExternalProcess.PATIENCE);
                }
            }
            process = Jvm.start(jars, quiet, "kafka.Kafka", List.of(properties.toString()));
        } catch (IOException e) {
            throw new IllegalStateException("cannot prepare " + dir, e);
        }
        Ports.awaitBroker(bootstrap, ExternalProcess.PATIENCE, process, () -> false);
    }

    private static String properties(Path dir, int port, int controller) {
        return """
            process.roles=broker,controller
            node.id=1
            listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
            controller.listener.names=CONTROLLER
            inter.broker.listener.name=PLAINTEXT
            listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
            controller.quorum.voters=1@127.0.0.1:%2$d
            log.dirs=%3$s/data
            offsets.topic.replication.factor=1
            offsets.topic.num.partitions=4
            transaction.state.log.replication.factor=1
            transaction.state.log.num.partitions=4
            transaction.state.log.min.isr=1
            share.coordinator.state.topic.replication.factor=1
            share.coordinator.state.topic.min.isr=1
            group.initial.rebalance.delay.ms=0
            group.consumer.heartbeat.interval.ms=500
            group.consumer.min.heartbeat.interval.ms=500
            log.segment.delete.delay.ms=1000
            """.formatted(port, controller, dir.toAbsolutePath());
    }

    public String bootstrap() {
        return bootstrap;
    }

    @Override
    public void close() {
        process.terminate();
        try (process) {
            process.awaitExit(ExternalProcess.PATIENCE);
        }
    }
}
