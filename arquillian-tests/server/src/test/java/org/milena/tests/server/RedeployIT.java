package org.milena.tests.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jboss.arquillian.container.test.api.Deployer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.container.test.api.RunAsClient;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.spec.EnterpriseArchive;
import org.junit.jupiter.api.Test;

/** Undeploy gives everything back, again and again, while a producer goes on sending; nothing acknowledged is lost. */
@ArquillianTest
@RunAsClient
class RedeployIT {

    private static final String BOOTSTRAP = System.getProperty("milena.test.bootstrap");
    private static final Path DATA = Path.of(System.getProperty("milena.test.data"));
    private static final int ROUNDS = Integer.getInteger("milena.test.redeploys", 5);
    /** What other parts of the server may take or give meanwhile. */
    private static final long DIRECT_MEMORY_SLACK = 8 << 20;

    @ArquillianResource
    Deployer deployer;

    @Deployment(name = "milena", managed = false, testable = false)
    static EnterpriseArchive ear() {
        return Ear.asBuilt();
    }

    @Test
    void everythingIsGivenBackEveryTime() throws Exception {
        deployer.deploy("milena");
        deployer.undeploy("milena");
        ServerProcess server = ServerProcess.underTest();
        long directMemory = server.directMemory();
        AtomicBoolean stop = new AtomicBoolean();
        List<Long> acknowledged = Collections.synchronizedList(new ArrayList<>());
        Thread load = new Thread(() -> produce(stop, acknowledged), "load");
        load.start();
        try {
            for (int round = 0; round < ROUNDS; round++) {
                int before = acknowledged.size();
                deployer.deploy("milena");
                await("records are acknowledged again in round " + round, () -> acknowledged.size() > before + 100);
                deployer.undeploy("milena");
                assertNothingLeft(server, directMemory, round);
            }
        } finally {
            stop.set(true);
            load.join(TimeUnit.SECONDS.toMillis(60));
        }
        deployer.deploy("milena");
        assertThat(offsets()).containsAll(acknowledged);
        deployer.undeploy("milena");
    }

    private static void assertNothingLeft(ServerProcess server, long directMemory, int round) {
        assertThat(server.threads()).as("threads, round " + round).noneMatch(name -> name.startsWith("milena-") || name.startsWith("H2") || name.startsWith("MVStore"));
        assertThat(server.openFiles(DATA)).as("open files, round " + round).isEmpty();
        String[] address = BOOTSTRAP.split(":");
        assertThatThrownBy(() -> {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(address[0], Integer.parseInt(address[1])), 1000);
            }
        }).as("port, round " + round).isInstanceOf(ConnectException.class);
        // One per class loader. Servers and the JDK let go of the last one in their own time.
        await("the class loader is released in round " + round, () -> server.instances("org.milena.broker.api.BrokerStatus") == 0);
        await("direct memory is released in round " + round, () -> server.directMemory() <= directMemory + DIRECT_MEMORY_SLACK);
    }

    /** Sends numbered records and notes the offsets of those that were acknowledged. */
    private static void produce(AtomicBoolean stop, List<Long> acknowledged) {
        Map<String, Object> config = Map.of("bootstrap.servers", BOOTSTRAP, "acks", "all", "linger.ms", 5,
            "reconnect.backoff.max.ms", 200, "max.block.ms", 2_000, "request.timeout.ms", 5_000, "delivery.timeout.ms", 20_000);
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            for (long number = 0; !stop.get(); number++) {
                producer.send(new ProducerRecord<>("redeploy", 0, null, "r" + number), (metadata, error) -> {
                    if (error == null) {
                        acknowledged.add(metadata.offset());
                    }
                });
            }
        }
    }

    private static Set<Long> offsets() {
        TopicPartition partition = new TopicPartition("redeploy", 0);
        Set<Long> offsets = new HashSet<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", BOOTSTRAP), new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
            while (consumer.position(partition) < end && System.nanoTime() < deadline) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500))) {
                    offsets.add(record.offset());
                }
            }
        }
        return offsets;
    }

    private static void await(String what, java.util.function.BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("did not happen within 60 s: " + what);
            }
            java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }
}
