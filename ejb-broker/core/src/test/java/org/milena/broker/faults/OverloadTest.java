package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.network.WireClient;

/** Clients that ask for more than there is, against a broker with little memory: they are slowed, nobody else is, and nothing is lost. */
class OverloadTest {

    private static final int CONNECTIONS = 200;
    private static final int REQUEST_BYTES = 900_000;
    private static final short PRODUCE_VERSION = 9;
    private static final short FETCH_VERSION = 12;

    @TempDir
    Path dir;

    private ForkedBroker small() throws Exception {
        ForkedBroker broker = new ForkedBroker(dir, List.of("-Xmx256m", "-XX:MaxDirectMemorySize=256m"),
                Map.of("milena.log.dir.min.free", "0", "log.retention.bytes", "-1")).start();
        broker.awaitServing();
        return broker;
    }

    private static ByteBuffer produce(String topic, int correlationId, byte[] value) {
        MemoryRecords records = MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(value));
        ProduceRequestData request = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(30_000);
        ProduceRequestData.TopicProduceData data = new ProduceRequestData.TopicProduceData().setName(topic);
        data.partitionData().add(new ProduceRequestData.PartitionProduceData().setIndex(0).setRecords(records));
        request.topicData().add(data);
        return WireClient.frame(ApiKeys.PRODUCE, PRODUCE_VERSION, correlationId, request);
    }

    @Test
    void manyConnectionsThatPipelineLargeRequestsAreSlowedAndAllAreServed() throws Exception {
        int requests = Scene.count(5, 30);
        try (ForkedBroker broker = small()) {
            Scene.createTopic(broker.port(), "big", 1, Map.of("retention.bytes", "-1"));
            Scene.createTopic(broker.port(), "other", 1, Map.of());
            byte[] value = new byte[REQUEST_BYTES];
            new Random(1).nextBytes(value);
            AtomicInteger acknowledged = new AtomicInteger();
            AtomicReference<Throwable> error = new AtomicReference<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                threads.add(new Thread(() -> {
                    try (WireClient client = new WireClient(broker.port())) {
                        pipeline(client, requests, value, acknowledged);
                    } catch (Throwable e) {
                        error.compareAndSet(null, e);
                    }
                }));
            }
            threads.forEach(Thread::start);
            try (var producer = Scene.producer(broker.port(), "request.timeout.ms", "20000")) {
                for (int i = 0; i < 20; i++) { // another client is served meanwhile
                    assertThat(Scene.get(Scene.send(producer, new TopicPartition("other", 0), "v" + i)).offset()).isEqualTo(i);
                }
            }
            for (Thread thread : threads) {
                thread.join(TimeUnit.SECONDS.toMillis(Scene.PATIENCE_S));
                assertThat(thread.isAlive()).as("a connection that is not served").isFalse();
            }
            if (error.get() != null) {
                throw new AssertionError("A connection failed; the broker said: " + broker.output(), error.get());
            }
            assertThat(acknowledged.get()).isEqualTo(CONNECTIONS * requests);
            assertThat(Scene.readAll(broker.port(), new TopicPartition("big", 0))).hasSize(CONNECTIONS * requests);
            well(broker);
        }
    }

    private static void pipeline(WireClient client, int requests, byte[] value, AtomicInteger acknowledged) throws IOException, InterruptedException {
        ByteBuffer frame = produce("big", 7, value);
        Thread sender = new Thread(() -> {
            try {
                for (int i = 0; i < requests; i++) {
                    client.send(frame);
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        sender.start();
        for (int i = 0; i < requests; i++) {
            ProduceResponseData answer = (ProduceResponseData) client.receive(ApiKeys.PRODUCE, PRODUCE_VERSION, 7);
            short code = answer.responses().iterator().next().partitionResponses().get(0).errorCode();
            assertThat(Errors.forCode(code)).isEqualTo(Errors.NONE);
            acknowledged.incrementAndGet();
        }
        sender.join();
    }

    /** Alive, and never out of memory or in an unforeseen state. */
    private static void well(ForkedBroker broker) throws IOException {
        assertThat(broker.alive()).isTrue();
        assertThat(broker.output()).noneMatch(line -> line.contains("OutOfMemory") || line.contains("OutOfDirectMemory") || line.startsWith("SEVERE"));
    }

    @Test
    void clientsThatAnnounceLargeRequestsAndStallKeepNobodyFromBeingServed() throws Exception {
        try (ForkedBroker broker = small()) {
            Scene.createTopic(broker.port(), "t", 1, Map.of());
            List<WireClient> stalled = new ArrayList<>();
            try (var producer = Scene.producer(broker.port(), "max.request.size", "1000000", "linger.ms", "0")) {
                byte[] half = new byte[500_000];
                ByteBuffer.wrap(half).putInt(50_000_000);
                for (int i = 0; i < 300; i++) {
                    WireClient client = new WireClient(broker.port());
                    stalled.add(client);
                    Thread sender = new Thread(() -> {
                        try {
                            client.send(half);
                        } catch (IOException e) {
                            // the broker may well cut it off
                        }
                    });
                    sender.setDaemon(true);
                    sender.start();
                }
                String large = "x".repeat(REQUEST_BYTES);
                for (int i = 0; i < 10; i++) {
                    assertThat(Scene.get(Scene.send(producer, new TopicPartition("t", 0), large)).offset()).isEqualTo(i);
                }
                well(broker);
            } finally {
                for (WireClient client : stalled) {
                    client.close();
                }
            }
        }
    }

    @Test
    void clientsThatNeverReadTheirAnswersHoldUpNobody() throws Exception {
        try (ForkedBroker broker = small()) {
            TopicPartition partition = new TopicPartition("t", 0);
            Scene.createTopic(broker.port(), "t", 1, Map.of());
            List<WireClient> deaf = new ArrayList<>();
            try (var producer = Scene.producer(broker.port())) {
                List<Future<RecordMetadata>> sent = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    sent.add(Scene.send(producer, partition, "x".repeat(REQUEST_BYTES)));
                }
                for (Future<RecordMetadata> future : sent) {
                    Scene.get(future);
                }
                FetchRequestData fetch = new FetchRequestData().setMaxBytes(50_000_000).setMinBytes(1).setMaxWaitMs(0).setSessionEpoch(-1);
                FetchRequestData.FetchTopic topic = new FetchRequestData.FetchTopic().setTopic("t");
                topic.partitions().add(new FetchRequestData.FetchPartition().setPartition(0).setPartitionMaxBytes(50_000_000));
                fetch.topics().add(topic);
                for (int i = 0; i < 200; i++) {
                    WireClient client = new WireClient(broker.port(), 4096);
                    deaf.add(client);
                    for (int n = 0; n < 50; n++) {
                        client.send(WireClient.frame(ApiKeys.FETCH, FETCH_VERSION, n, fetch));
                    }
                }
                for (int i = 0; i < 20; i++) {
                    assertThat(Scene.get(Scene.send(producer, partition, "meanwhile")).offset()).isEqualTo(20 + i);
                }
                assertThat(Scene.readAll(broker.port(), partition)).hasSize(40);
                well(broker);
            } finally {
                for (WireClient client : deaf) {
                    client.close();
                }
            }
        }
    }
}
