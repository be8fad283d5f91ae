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
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
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

/** Undeploy gives everything back, again and again, while a producer and a group go on as clients do; nothing acknowledged is lost. */
@ArquillianTest
@RunAsClient
class RedeployIT {

    /** Well above the 60 s after which idle threads of WildFly's pools end: until then one may hold what it was started for. */
    private static final int PATIENCE_S = 150;

    private static final String BOOTSTRAP = System.getProperty("milena.test.bootstrap");
    private static final Path DATA = Path.of(System.getProperty("milena.test.data"));
    private static final int ROUNDS = Integer.getInteger("milena.test.redeploys", 5);
    private static final String ONE_PER_CLASS_LOADER = "org.milena.broker.api.BrokerStatus";
    /** Less than a broker at work takes. */
    private static final long DIRECT_MEMORY_AT_WORK = 1 << 20;
    /** What the server's own threads may come to keep (they cache a buffer for what each wrote). Ours would be chunks of 4 MiB, more each round. */
    private static final long DIRECT_MEMORY_SLACK = 8 << 20;
    private static final int IN_FLIGHT = 100;

    @ArquillianResource
    Deployer deployer;

    @Deployment(name = "milena", managed = false, testable = false)
    static EnterpriseArchive ear() {
        return Ear.asBuilt();
    }

    @Test
    void everythingIsGivenBackEveryTime() throws Exception {
        ServerProcess server = ServerProcess.underTest();
        // Left of test classes before this one: they sent HTTP requests, and a thread of WildFly holds the last one it served until its next.
        long classLoaders = server.instances(ONE_PER_CLASS_LOADER);
        deployer.deploy("milena");
        deployer.undeploy("milena");
        awaitClassLoader(server, classLoaders, "after the first deployment");
        long directMemory = settledDirectMemory(server);
        AtomicBoolean stop = new AtomicBoolean();
        List<Long> acknowledged = Collections.synchronizedList(new ArrayList<>());
        AtomicLong consumed = new AtomicLong();
        List<Thread> load = List.of(new Thread(() -> produce(stop, acknowledged), "producer"), new Thread(() -> consume(stop, consumed), "consumer"));
        load.forEach(Thread::start);
        try {
            for (int round = 0; round < ROUNDS; round++) {
                int acknowledgedBefore = acknowledged.size();
                long consumedBefore = consumed.get();
                deployer.deploy("milena");
                await("records are acknowledged again in round " + round, () -> acknowledged.size() > acknowledgedBefore + 100);
                await("the group consumes again in round " + round, () -> consumed.get() > consumedBefore + 100);
                assertThat(server.directMemory()).as("direct memory at work").isGreaterThan(directMemory + DIRECT_MEMORY_AT_WORK);
                deployer.undeploy("milena");
                assertNothingLeft(server, classLoaders, directMemory, round);
            }
        } finally {
            stop.set(true);
            for (Thread client : load) {
                client.join(TimeUnit.SECONDS.toMillis(60));
            }
        }
        deployer.deploy("milena");
        Set<Long> there = offsets();
        assertThat(acknowledged.stream().filter(offset -> !there.contains(offset)).toList()).as("acknowledged, and not there").isEmpty();
        deployer.undeploy("milena");
    }

    /** Of the server alone: what earlier deployments had goes with one collection or another. */
    private static long settledDirectMemory(ServerProcess server) {
        long before;
        long now = Long.MAX_VALUE;
        do {
            before = now;
            server.collect();
            now = server.directMemory();
        } while (now < before);
        return now;
    }

    private static void assertNothingLeft(ServerProcess server, long classLoaders, long directMemory, int round) {
        assertThat(server.threads()).as("threads, round " + round).noneMatch(name -> name.startsWith("milena-") || name.startsWith("H2") || name.startsWith("MVStore"));
        assertThat(server.openFiles(DATA)).as("open files, round " + round).isEmpty();
        String[] address = BOOTSTRAP.split(":");
        assertThatThrownBy(() -> {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(address[0], Integer.parseInt(address[1])), 1000);
            }
        }).as("port, round " + round).isInstanceOf(ConnectException.class);
        awaitClassLoader(server, classLoaders, "in round " + round);
        AtomicLong kept = new AtomicLong();
        awaitOrDump(server, "direct memory is given back in round " + round + ", all but " + DIRECT_MEMORY_SLACK + " bytes", () -> {
            kept.set(settledDirectMemory(server) - directMemory);
            return kept.get() <= DIRECT_MEMORY_SLACK;
        });
        System.out.println("RedeployIT: round " + round + " leaves " + kept + " bytes of direct memory");
    }

    private static void awaitClassLoader(ServerProcess server, long before, String when) {
        awaitOrDump(server, "the class loader is released " + when, () -> server.instances(ONE_PER_CLASS_LOADER) <= before);
    }

    /** When something is kept, what keeps it can be seen only now: the heap goes to a file for whoever reads the failure. */
    private static void awaitOrDump(ServerProcess server, String what, BooleanSupplier condition) {
        try {
            await(what, condition);
        } catch (AssertionError kept) {
            Path dump = Path.of("target", "kept-" + System.getProperty("milena.test.server") + ".hprof").toAbsolutePath();
            server.dumpHeap(dump);
            throw new AssertionError(kept.getMessage() + "; the heap is in " + dump, kept);
        }
    }

    /** Sends numbered records and notes the offsets of those that were acknowledged. */
    private static void produce(AtomicBoolean stop, List<Long> acknowledged) {
        Map<String, Object> config = Map.of("bootstrap.servers", BOOTSTRAP, "acks", "all", "linger.ms", 5,
            "reconnect.backoff.max.ms", 200, "max.block.ms", 2_000, "request.timeout.ms", 5_000, "delivery.timeout.ms", 20_000);
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            Semaphore inFlight = new Semaphore(IN_FLIGHT);
            for (long number = 0; !stop.get(); number++) {
                inFlight.acquireUninterruptibly();
                producer.send(new ProducerRecord<>("redeploy", 0, null, "r" + number), (metadata, error) -> {
                    inFlight.release();
                    if (error == null) {
                        acknowledged.add(metadata.offset());
                    }
                });
            }
        }
    }

    /** As a member of a group, which commits as it goes. */
    private static void consume(AtomicBoolean stop, AtomicLong consumed) {
        Map<String, Object> config = Map.of("bootstrap.servers", BOOTSTRAP, "group.id", "redeploy", "auto.offset.reset", "earliest",
            "auto.commit.interval.ms", 500, "reconnect.backoff.max.ms", 200, "metadata.max.age.ms", 1_000);
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of("redeploy"));
            while (!stop.get()) {
                consumed.addAndGet(consumer.poll(Duration.ofMillis(200)).count());
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

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("did not happen within " + PATIENCE_S + " s: " + what);
            }
            java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }
}
