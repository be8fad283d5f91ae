package org.milena.broker.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.TransactionCoordinatorFencedException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.LogConfigs;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.DirectoryExecutor;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.LogManagerOptions;
import org.milena.broker.log.NioDisk;
import org.milena.broker.log.TransactionGuard;
import org.milena.broker.resource.DiskSpaceGuard;
import org.milena.broker.time.BrokerClock;

/** Markers on their way into partitions: threads, durability, space, and what the transaction coordinator is told. */
class PartitionMarkersTest {

    private static final TopicPartition TP = new TopicPartition("t", 0);
    private static final String OFFSETS = "__consumer_offsets";

    @TempDir
    Path dir;
    private final Queue<Runnable> directoryWork = new ArrayDeque<>();
    private final List<String> toGroups = new ArrayList<>();
    /** The logs close on the directory's threads, too, and wait for them. */
    private boolean closing;
    private long free = Long.MAX_VALUE;
    private FileLogManager logs;
    private DiskSpaceGuard space;
    private ReplicaManager replicas;
    private Partition partition;
    private PartitionMarkers markers;
    private MetadataImage image = image();

    private static MetadataImage image(TopicImage... topics) {
        Map<String, TopicImage> byName = Arrays.stream(topics).collect(Collectors.toMap(TopicImage::name, topic -> topic));
        return new MetadataImage(1, "cluster", 1, List.of(), byName, Map.of(), Map.of(), Map.of());
    }

    @BeforeEach
    void open() {
        LogConfig config = LogConfigs.of(BrokerConfig.of(Map.of("milena.data.dir", dir.toString())), Map.of(), false);
        DirectoryExecutor executor = new DirectoryExecutor() {
            @Override
            public boolean inContext() {
                return true;
            }

            @Override
            public Executor forPartition(TopicPartition tp) {
                return work -> {
                    if (closing) {
                        work.run();
                    } else {
                        directoryWork.add(work);
                    }
                };
            }
        };
        logs = FileLogManager.open(new LogManagerOptions(List.of(dir.resolve("logs")), 1, new NioDisk(), BrokerClock.SYSTEM, path -> executor,
                Runnable::run, 20, 86_400_000, config));
        space = new DiskSpaceGuard(logs.directories(), () -> 1000, directory -> free);
        replicas = new ReplicaManager(logs, space);
        partition = replicas.lead(TP, new Uuid(3, 3), 0, config);
        markers = new PartitionMarkers(replicas, () -> image, OFFSETS, (index, end, flushed) -> {
            toGroups.add(index + " " + end.producerId() + "/" + end.producerEpoch() + " " + end.coordinatorEpoch() + " " + end.commit() + " v"
                    + end.transactionVersion() + " " + flushed + (end.ifUnconfirmed() ? " if unconfirmed" : ""));
            return CompletableFuture.completedFuture(null);
        });
        TransactionGuard guard = partition.log().expectTransaction(7, (short) 0, 0, true);
        partition.append(MemoryRecords.withTransactionalRecords(Compression.NONE, 7, (short) 0, 0,
                new SimpleRecord(System.currentTimeMillis(), "v".getBytes())).buffer(), AppendOrigin.CLIENT, -1, guard, error -> { });
    }

    @AfterEach
    void close() {
        closing = true;
        logs.close();
    }

    private CompletableFuture<Void> write(String topic, int epoch, int coordinatorEpoch, boolean flushed) {
        CompletableFuture<Void> written = markers.write(new TopicPartition(topic, 0), 7, (short) epoch, coordinatorEpoch, true, (short) 2, flushed);
        runDirectoryWork();
        return written;
    }

    private void runDirectoryWork() {
        for (Runnable next = directoryWork.poll(); next != null; next = directoryWork.poll()) {
            next.run();
        }
    }

    @Test
    void aMarkerIsWrittenOnTheDirectorysThreadsAndWakesReadersOfTheEnd() {
        List<Long> seen = new ArrayList<>();
        partition.addWaiter(p -> seen.add(p.lastStableOffset()));
        CompletableFuture<Void> written = markers.write(TP, 7, (short) 1, 0, true, (short) 2, false);
        assertThat(written).isNotDone();
        assertThat(partition.lastStableOffset()).isZero();
        runDirectoryWork();
        assertThat(written).isCompleted();
        assertThat(seen).containsExactly(2L);
    }

    @Test
    void aFlushedOneCountsWhenItIsOnDisk() throws Exception {
        CompletableFuture<Void> written = write("t", 1, 0, true);
        assertThat(written).isNotDone();
        assertThat(partition.lastStableOffset()).as("its transaction holds readers back until then").isZero();
        Thread flusher = new Thread(logs.flushers().get(0));
        flusher.start();
        written.get();
        assertThat(partition.log().recoveryPoint()).isEqualTo(2);
        assertThat(partition.lastStableOffset()).isEqualTo(2);
        close();
        flusher.join();
    }

    @Test
    void markersHaveTheLastOfTheSpaceForThemselves() {
        free = 100;
        space.sample();
        runDirectoryWork();
        assertThatThrownBy(() -> partition.append(MemoryRecords.withRecords(Compression.NONE, new SimpleRecord("v".getBytes())).buffer(),
                AppendOrigin.COORDINATOR, -1, error -> { })).isInstanceOf(NotEnoughReplicasException.class);
        assertThat(write("t", 1, 0, false)).isCompleted();
    }

    @Test
    void theCoordinatorIsToldWhyNot() {
        assertThat(failure(write("gone", 1, 0, false))).isInstanceOf(UnknownTopicOrPartitionException.class);
        assertThat(write("t", 1, 5, false)).isCompleted();
        assertThat(failure(write("t", 2, 4, false))).isInstanceOf(TransactionCoordinatorFencedException.class);
        close();
        assertThat(failure(write("t", 2, 5, false))).isInstanceOf(KafkaStorageException.class);
    }

    /** It may be opened at the next start: what was decided has to reach it then. */
    @Test
    void aPartitionThatExistsAndHasNoLeaderIsNotGone() {
        PartitionImage closed = new PartitionImage(0, -1, 3, List.of(1), List.of(1));
        image = image(new TopicImage(new Uuid(5, 5), "closed", false, List.of(closed), Map.of(), false));
        assertThat(failure(write("closed", 1, 0, false))).isInstanceOf(NotLeaderOrFollowerException.class).hasMessageContaining("closed-0 has no leader");
        PartitionDurability durability = new PartitionDurability(replicas, () -> image, OFFSETS, (index, producerId, epoch) -> CompletableFuture.completedFuture(Set.of()));
        assertThat(failure(durability.secure(new TopicPartition("closed", 0), 7, (short) 0))).isInstanceOf(NotLeaderOrFollowerException.class);
        assertThat(failure(durability.secure(new TopicPartition("closed", 1), 7, (short) 0))).isInstanceOf(UnknownTopicOrPartitionException.class);
    }

    private static Throwable failure(CompletableFuture<?> written) {
        assertThat(written).isCompletedExceptionally();
        return org.assertj.core.api.Assertions.catchThrowableOfType(ExecutionException.class, written::get).getCause();
    }

    @Test
    void aTransactionThatNobodyEndedIsCountedAsLate() {
        long limit = 60_000 + 300_000;
        long now = System.currentTimeMillis();
        assertThat(replicas.partitionsWithLateTransactions(now + limit - 30_000, 60_000)).isZero();
        assertThat(replicas.partitionsWithLateTransactions(now + limit + 30_000, 60_000)).isEqualTo(1);
        assertThat(write("t", 1, 0, false)).isCompleted();
        assertThat(replicas.partitionsWithLateTransactions(now + limit + 30_000, 60_000)).isZero();
    }

    @Test
    void thoseOfTheOffsetsTopicGoThroughTheGroupCoordinator() {
        assertThat(failure(write(OFFSETS, 1, 3, true))).as("before there is one").isInstanceOf(UnknownTopicOrPartitionException.class);
        replicas.lead(new TopicPartition(OFFSETS, 0), new Uuid(4, 4), 0, partition.log().config());
        assertThat(write(OFFSETS, 1, 3, true)).isCompleted();
        assertThat(toGroups).containsExactly("0 7/1 3 true v2 true");
    }
}
