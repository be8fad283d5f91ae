package org.milena.broker.handler;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.FetchRequestData;
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
    private final Queue<Runnable> directoryWork = new ArrayDeque<>();
    private final List<Object> baseOffsetsWhenAnswered = new ArrayList<>();
    private boolean inDirectory;
    private boolean connectionClosed;
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
            return directoryWork::add;
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
        logs.close();
    }

    private void runDirectoryWork() {
        inDirectory = true;
        for (Runnable next = directoryWork.poll(); next != null; next = directoryWork.poll()) {
            next.run();
        }
        inDirectory = false;
    }

    private RequestContext context(int version) {
        return (RequestContext) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {RequestContext.class}, (proxy, method, args) -> {
            switch (method.getName()) {
                case "apiVersion":
                    return (short) version;
                case "executor":
                    signals++;
                    return (Executor) Runnable::run;
                case "schedule":
                    return (Timer.Task) () -> { };
                case "onClose":
                    if (connectionClosed) {
                        ((Runnable) args[0]).run();
                    }
                    return null;
                case "reply":
                    if (args[0] instanceof ProduceResponseData response) {
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

    @Test
    void aFetchWhoseConnectionClosesDuringTheReadWaitsForNothing() {
        produce("a");
        FetchRequestData request = new FetchRequestData().setMinBytes(1 << 20).setMaxWaitMs(60_000).setMaxBytes(1 << 20);
        request.topics().add(new FetchRequestData.FetchTopic().setTopic("t").setPartitions(List.of(
                new FetchRequestData.FetchPartition().setPartition(0).setFetchOffset(0).setPartitionMaxBytes(1 << 20))));
        new FetchHandler(replicas, TopicMetrics.NONE, BrokerClock.SYSTEM, 0, 1 << 20).handle(context(12), request);
        connectionClosed = true;
        runDirectoryWork();
        signals = 0;
        produce("b");
        assertThat(signals).as("signals to a fetch that is gone").isZero();
    }
}
