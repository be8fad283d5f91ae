package org.milena.broker.handler;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.lang.reflect.Proxy;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.LogConfigs;
import org.milena.broker.handler.fetch.FetchHandler;
import org.milena.broker.handler.produce.ProduceHandler;
import org.milena.broker.log.DirectoryExecutor;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.LogManagerOptions;
import org.milena.broker.log.LogRead;
import org.milena.broker.log.NioDisk;
import org.milena.broker.metrics.TopicMetrics;
import org.milena.broker.network.RequestContext;
import org.milena.broker.replication.AppendGate;
import org.milena.broker.replication.CoordinatorPartitions;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.time.Timer;

/** Requests about partitions in another log directory than that whose threads serve the connection. */
class OtherDirectoryTest {

    private static final Uuid ID = new Uuid(3, 3);

    @TempDir
    Path dir;
    private final Queue<Runnable> directoryWork = new ConcurrentLinkedQueue<>();
    private final List<Object> baseOffsetsWhenAnswered = new ArrayList<>();
    private boolean inDirectory;
    private final CountDownLatch flushed = new CountDownLatch(1);
    private boolean connectionClosed;
    private boolean closing;
    private final AtomicLong nowNanos = new AtomicLong();
    private final Map<String, FetchResponseData> fetched = new TreeMap<>();
    private final List<String> dropped = new ArrayList<>();
    private int signals;
    private FileLogManager logs;
    private ReplicaManager replicas;

    private final DirectoryExecutor executor = new DirectoryExecutor() {
        @Override
        public boolean inContext() {
            return inDirectory;
        }

        @Override
        public Executor forPartition(TopicPartition partition) {
            return closing ? Runnable::run : directoryWork::add;
        }
    };

    @BeforeEach
    void open() {
        BrokerConfig config = BrokerConfig.of(Map.of("milena.data.dir", dir.toString()));
        LogConfig logConfig = LogConfigs.of(config, Map.of(), false);
        logs = FileLogManager.open(new LogManagerOptions(List.of(dir.resolve("logs")), 1, new NioDisk(), BrokerClock.SYSTEM, path -> executor,
                Runnable::run, 20, 86_400_000, logConfig));
        replicas = new ReplicaManager(logs, AppendGate.OPEN);
        PartitionImage partition = new PartitionImage(0, 1, 0, List.of(1), List.of(1));
        replicas.create(new TopicImage(ID, "t", false, List.of(partition), Map.of(), false), List.of(partition), logConfig);
    }

    @AfterEach
    void close() {
        closing = true;
        logs.close();
    }

    private void runDirectoryWork() {
        inDirectory = true;
        for (Runnable next = directoryWork.poll(); next != null; next = directoryWork.poll()) {
            next.run();
        }
        inDirectory = false;
    }

    private void runOnConnection(Runnable task) {
        boolean was = inDirectory;
        inDirectory = false;
        task.run();
        inDirectory = was;
    }

    private RequestContext context(int version) {
        return context(version, "client");
    }

    private RequestContext context(int version, String connection) {
        return (RequestContext) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {RequestContext.class}, (proxy, method, args) -> {
            switch (method.getName()) {
                case "apiVersion":
                    return (short) version;
                case "connectionId":
                    return connection;
                case "closeConnection":
                    dropped.add(connection);
                    return null;
                case "executor":
                    signals++;
                    return (Executor) this::runOnConnection;
                case "schedule":
                    return (Timer.Task) () -> { };
                case "onClose":
                    if (connectionClosed) {
                        ((Runnable) args[0]).run();
                    }
                    return null;
                case "reply":
                    if (args[0] instanceof FetchResponseData response) {
                        fetched.put(connection, response);
                    } else if (args[0] instanceof ProduceResponseData response) {
                        baseOffsetsWhenAnswered.add(response.responses().iterator().next().partitionResponses().get(0).baseOffset());
                    }
                    return null;
                default:
                    throw new IllegalStateException(method.getName());
            }
        });
    }

    private void produce(String... values) {
        SimpleRecord[] records = new SimpleRecord[values.length];
        for (int i = 0; i < values.length; i++) {
            records[i] = new SimpleRecord(System.currentTimeMillis(), values[i].getBytes());
        }
        ProduceRequestData request = new ProduceRequestData().setAcks((short) 1);
        request.topicData().add(new TopicProduceData().setName("t").setPartitionData(List.of(
                new PartitionProduceData().setIndex(0).setRecords(MemoryRecords.withRecords(Compression.NONE, records)))));
        new ProduceHandler(replicas, TopicMetrics.NONE, (id, producer, epoch, partitions, add) -> { throw new AssertionError("nothing is transactional here"); }).handle(context(9), request);
        runDirectoryWork();
    }

    @Test
    void theAnswerLeavesWithTheBaseOffset() {
        produce("a", "b", "c");
        produce("d");
        assertThat(baseOffsetsWhenAnswered).containsExactly(0L, 3L);
    }

    /** Else consumers and producers of all partitions there would wait until a large one has been read. */
    @Test
    void loadingACoordinatorLetsOthersHaveTheirTurn() {
        for (int i = 0; i < 5; i++) {
            produce("x".repeat(900_000));
        }
        List<String> seen = new ArrayList<>();
        new CoordinatorPartitions(replicas, "t").load(0, 0, batches -> seen.add("batches"), error -> seen.add("done " + error));
        directoryWork.add(() -> seen.add("another's work"));
        runDirectoryWork();
        assertThat(seen).startsWith("batches", "another's work", "batches").endsWith("batches", "done null").hasSize(7);
    }

    /** Rules 12: what is not committed may yet be lost, and a coordinator that acted on it would be wrong. */
    @Test
    void aCoordinatorLoadsNothingBeforeTheEndOfItsLogIsCommitted() throws Exception {
        logs.log(new TopicPartition("t", 0)).orElseThrow().updateConfig(LogConfigs.of(BrokerConfig.of(Map.of("milena.data.dir", dir.toString())),
                Map.of("flush.messages", "1"), false));
        produce("not yet on disk");
        List<String> seen = new ArrayList<>();
        new CoordinatorPartitions(replicas, "t").load(0, 0, batches -> seen.add("batches"), error -> seen.add("done " + error));
        runDirectoryWork();
        assertThat(seen).isEmpty();
        Thread flusher = new Thread(logs.flushers().get(0), "flusher");
        flusher.start();
        logs.directories().get(0).groupCommit().await(logs.log(new TopicPartition("t", 0)).orElseThrow(), 0, error -> flushed.countDown());
        assertThat(flushed.await(30, TimeUnit.SECONDS)).isTrue();
        runDirectoryWork();
        assertThat(seen).containsExactly("batches", "done null");
    }

    @Test
    void aFetchWhoseConnectionClosesDuringTheReadWaitsForNothing() {
        produce("a");
        handler(1 << 20).handle(context(12), fetch(1 << 20, 60_000));
        connectionClosed = true;
        runDirectoryWork();
        signals = 0;
        produce("b");
        assertThat(signals).as("signals to a fetch that is gone").isZero();
    }

    private static FetchRequestData fetch(int minBytes, int maxWaitMs) {
        FetchRequestData request = new FetchRequestData().setMinBytes(minBytes).setMaxWaitMs(maxWaitMs).setMaxBytes(50 << 20);
        request.topics().add(new FetchRequestData.FetchTopic().setTopic("t").setPartitions(List.of(
                new FetchRequestData.FetchPartition().setPartition(0).setFetchOffset(0).setPartitionMaxBytes(50 << 20))));
        return request;
    }

    private FetchHandler handler(long copyBytes) {
        return new FetchHandler(replicas, TopicMetrics.NONE, new BrokerClock() {
            @Override
            public long millis() {
                return System.currentTimeMillis();
            }

            @Override
            public long nanoTime() {
                return nowNanos.get();
            }
        }, 0, 50 << 20, copyBytes);
    }

    private int bytesOf(String client) {
        return fetched.get(client).responses().get(0).partitions().get(0).records().sizeInBytes();
    }

    private void taken(String client) {
        ((LogRead) fetched.get(client).responses().get(0).partitions().get(0).records()).release();
    }

    @Test
    void manySlowConsumersHoldNoMoreCopiesThanTheBudget() {
        produce("x".repeat(900_000));
        FetchHandler handler = handler(3 << 20);
        for (int i = 10; i < 60; i++) {
            handler.handle(context(12, "client" + i), fetch(1, 60_000));
            runDirectoryWork();
        }
        assertThat(fetched).hasSize(3);
        assertThat(handler.copiedBytes()).isBetween(2_700_000L, 3L << 20);
        taken("client10");
        runDirectoryWork();
        assertThat(fetched.keySet()).as("one after the other, in their order").containsExactly("client10", "client11", "client12", "client13");
        for (int i = 11; i < 60; i++) {
            taken("client" + i);
            runDirectoryWork();
        }
        assertThat(fetched).hasSize(50);
        assertThat(handler.copiedBytes()).isZero();
    }

    @Test
    void aBatchLargerThanTheBudgetIsReadWhenNobodyElseHoldsAny() {
        produce("x".repeat(900_000));
        FetchHandler handler = handler(100_000);
        handler.handle(context(12, "one"), fetch(1, 60_000));
        handler.handle(context(12, "two"), fetch(1, 60_000));
        runDirectoryWork();
        assertThat(bytesOf("one")).isGreaterThan(900_000);
        assertThat(fetched).hasSize(1);
        taken("one");
        runDirectoryWork();
        assertThat(bytesOf("two")).isGreaterThan(900_000);
    }

    @Test
    void whoDoesNotReadWhileOthersWaitIsDisconnected() throws Exception {
        produce("x".repeat(900_000));
        FetchHandler handler = handler(2 << 20);
        handler.handle(context(12, "reads"), fetch(1, 60_000));
        handler.handle(context(12, "sleeps"), fetch(1, 60_000));
        runDirectoryWork();
        assertThat(fetched).hasSize(2);
        nowNanos.addAndGet(11_000_000_000L);
        LogRead slowly = (LogRead) fetched.get("reads").responses().get(0).partitions().get(0).records();
        slowly.transferTo(0, 100, Channels.newChannel(new ByteArrayOutputStream()));
        assertThat(dropped).as("nobody waits").isEmpty();
        handler.handle(context(12, "waits"), fetch(1, 60_000));
        runDirectoryWork();
        assertThat(dropped).containsExactly("sleeps");
        taken("sleeps"); // as its connection does when it closes
        runDirectoryWork();
        assertThat(bytesOf("waits")).isGreaterThan(900_000);
    }
}
