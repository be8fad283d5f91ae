package org.milena.broker.config;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.Records;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.network.WireClient;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.time.BrokerClock;

/**
 * A whole broker whose time a test may put forward, and whose background work waits to be told: what a key changes is then seen at once.
 * One test thread at a time.
 */
final class LiveBroker implements AutoCloseable {

    private static final String NEVER = "86400000";
    private static final AtomicInteger TOPIC = new AtomicInteger();

    private final Path dir;
    private final InMemoryMetadataStore store;
    private final AtomicLong ahead = new AtomicLong();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final CountDownLatch flushersMayRun;
    private final EmbeddedBroker embedded;
    private final Admin admin;
    private final WireClient wire;

    private LiveBroker(Path dir, InMemoryMetadataStore store, Map<String, String> settings, boolean holdFlushers) {
        this.dir = dir;
        this.store = store;
        flushersMayRun = new CountDownLatch(holdFlushers ? 1 : 0);
        Map<String, String> all = new HashMap<>(Map.of("log.retention.check.interval.ms", NEVER, "log.cleaner.backoff.ms", NEVER,
                "log.flush.offset.checkpoint.interval.ms", NEVER));
        all.putAll(settings);
        embedded = EmbeddedBroker.start(dir, store, all, this::thread, clock());
        admin = Admin.create(embedded.properties());
        try {
            wire = new WireClient(embedded.port());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @param settings key, value, key, value */
    static LiveBroker start(Path dir, String... settings) {
        return new LiveBroker(dir, new InMemoryMetadataStore(), map(settings), false);
    }

    /** Nothing is flushed before {@link #releaseFlushers}. */
    static LiveBroker startWithFlushersHeld(Path dir, String... settings) {
        return new LiveBroker(dir, new InMemoryMetadataStore(), map(settings), true);
    }

    void releaseFlushers() {
        flushersMayRun.countDown();
    }

    /** Another start on the same directories and metadata; this one has been closed. */
    LiveBroker again(String... settings) {
        return new LiveBroker(dir, store, map(settings), false);
    }

    static Map<String, String> map(String... settings) {
        Map<String, String> result = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            result.put(settings[i], settings[i + 1]);
        }
        return result;
    }

    private Thread thread(Runnable task) {
        Thread thread = new Thread(() -> {
            if (Thread.currentThread().getName().startsWith("milena-flusher")) {
                try {
                    flushersMayRun.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            task.run();
        });
        threads.add(thread);
        return thread;
    }

    private BrokerClock clock() {
        return new BrokerClock() {
            @Override
            public long millis() {
                return System.currentTimeMillis() + ahead.get();
            }

            @Override
            public long nanoTime() {
                return System.nanoTime();
            }
        };
    }

    long now() {
        return System.currentTimeMillis() + ahead.get();
    }

    void advance(long milliseconds) {
        ahead.addAndGet(milliseconds);
    }

    EmbeddedBroker embedded() {
        return embedded;
    }

    Admin admin() {
        return admin;
    }

    Path dir() {
        return dir;
    }

    /** Every thread this broker ever started whose name begins so. */
    List<Thread> threads(String name) {
        return threads.stream().filter(thread -> thread.getName().startsWith(name)).toList();
    }

    // ---- what clients do

    static <T> T get(KafkaFuture<T> future) throws Exception {
        try {
            return future.get(30, SECONDS);
        } catch (java.util.concurrent.ExecutionException e) {
            throw (Exception) e.getCause();
        }
    }

    /** A new topic with one partition, of a name of its own. */
    String topic(Map<String, String> configs) throws Exception {
        return topic(1, configs);
    }

    String topic(int partitions, Map<String, String> configs) throws Exception {
        String name = "t" + TOPIC.incrementAndGet();
        get(admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(configs))).all());
        return name;
    }

    /** @param value null takes the setting back */
    void alter(ConfigResource.Type type, String name, String key, String value) throws Exception {
        AlterConfigOp op = new AlterConfigOp(new ConfigEntry(key, value), value == null ? OpType.DELETE : OpType.SET);
        get(admin.incrementalAlterConfigs(Map.of(new ConfigResource(type, name), List.of(op))).all());
    }

    Map<String, String> describe(ConfigResource.Type type, String name) throws Exception {
        ConfigResource resource = new ConfigResource(type, name);
        Map<String, String> result = new HashMap<>();
        get(admin.describeConfigs(List.of(resource)).all()).get(resource).entries().forEach(entry -> result.put(entry.name(), entry.value()));
        return result;
    }

    ApiMessage call(ApiKeys api, int version, ApiMessage request) throws IOException {
        return wire.call(api, version, request);
    }

    SimpleRecord record(String key, String value) {
        return new SimpleRecord(now(), key == null ? null : key.getBytes(), value == null ? null : value.getBytes());
    }

    Errors produce(String topic, SimpleRecord... records) throws IOException {
        return produce(topic, 0, MemoryRecords.withRecords(Compression.NONE, records));
    }

    /** One batch, acks=all. */
    Errors produce(String topic, int partition, MemoryRecords batch) throws IOException {
        ProduceRequestData request = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(10_000);
        request.topicData().add(new ProduceRequestData.TopicProduceData().setName(topic).setPartitionData(List.of(
                new ProduceRequestData.PartitionProduceData().setIndex(partition).setRecords(batch))));
        ProduceResponseData answer = (ProduceResponseData) wire.call(ApiKeys.PRODUCE, 9, request);
        return Errors.forCode(answer.responses().iterator().next().partitionResponses().get(0).errorCode());
    }

    void produced(String topic, SimpleRecord... records) throws IOException {
        assertThat(produce(topic, records)).isEqualTo(Errors.NONE);
    }

    FetchResponseData fetch(String topic, long offset, FetchRequestData request) throws IOException {
        request.setTopics(List.of(new FetchRequestData.FetchTopic().setTopic(topic).setPartitions(List.of(
                new FetchRequestData.FetchPartition().setPartition(0).setFetchOffset(offset).setPartitionMaxBytes(50_000_000)))));
        return (FetchResponseData) wire.call(ApiKeys.FETCH, 12, request);
    }

    /** What a consumer reads from the beginning of partition 0. */
    List<RecordBatch> batches(String topic) throws IOException {
        List<RecordBatch> batches = new ArrayList<>();
        long offset = log(topic).logStartOffset();
        while (offset < log(topic).logEndOffset()) {
            Records read = (Records) fetch(topic, offset, new FetchRequestData().setMaxWaitMs(0).setMinBytes(0).setMaxBytes(50_000_000))
                    .responses().get(0).partitions().get(0).records();
            if (read.sizeInBytes() == 0) {
                break;
            }
            for (RecordBatch batch : read.batches()) {
                batches.add(batch);
                offset = batch.nextOffset();
            }
        }
        return batches;
    }

    /** The values of partition 0, in order; "-" for a tombstone. */
    List<String> values(String topic) throws IOException {
        List<String> values = new ArrayList<>();
        for (RecordBatch batch : batches(topic)) {
            for (Record record : batch) {
                byte[] value = new byte[Math.max(0, record.valueSize())];
                if (record.hasValue()) {
                    record.value().get(value);
                }
                values.add(record.hasValue() ? new String(value) : "-");
            }
        }
        return values;
    }

    // ---- what runs in the background, now

    PartitionLog log(String topic) {
        return embedded.broker().replicas().partition(topic, 0).log();
    }

    Collection<LogDirectory> directories() {
        return embedded.broker().logs().directories();
    }

    /** Rolls what is old, deletes what nobody keeps. */
    void housekeep() {
        directories().forEach(embedded.broker().logs()::enforceRetention);
    }

    void flushDirty() {
        directories().forEach(embedded.broker().logs()::flushDirty);
    }

    void compact() throws InterruptedException {
        for (LogDirectory directory : directories()) {
            while (embedded.broker().logs().cleanOnce(directory)) {
                assertThat(directory.online()).isTrue();
            }
        }
    }

    /** The files of partition 0, with their sizes; but for those that are being written to replace another. */
    Map<String, Long> files(String topic) throws IOException {
        Map<String, Long> sizes = new HashMap<>();
        try (Stream<Path> files = Files.list(log(topic).directory().path().resolve(topic + "-0"))) {
            for (Path file : files.filter(f -> !f.toString().endsWith(".tmp")).toList()) {
                sizes.put(file.getFileName().toString(), Files.size(file));
            }
        }
        return sizes;
    }

    long segments(String topic) throws IOException {
        return files(topic).keySet().stream().filter(name -> name.endsWith(".log")).count();
    }

    /** Waits for what the broker does in its own time. */
    static void await(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + SECONDS.toNanos(30);
        while (!condition.call()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("Not within 30 s: " + what);
            }
            java.util.concurrent.locks.LockSupport.parkNanos(5_000_000);
        }
    }

    @Override
    public void close() {
        releaseFlushers();
        admin.close(Duration.ZERO);
        try {
            wire.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            embedded.close();
        }
    }
}
