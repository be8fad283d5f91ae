package org.milena.broker.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.GroupConfig;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.group.OffsetsTopic;
import org.milena.broker.group.RequestInfo;
import org.milena.broker.group.SimWorld;
import org.milena.broker.group.consumer.ConsumerGroups;
import org.milena.broker.group.consumer.RegexResolver;
import org.milena.broker.replication.AppendGate;
import org.milena.broker.replication.CoordinatorPartitions;
import org.milena.broker.replication.Partition;
import org.milena.broker.replication.PartitionDurability;
import org.milena.broker.replication.PartitionMarkers;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.transaction.HangingTransactions;
import org.milena.broker.transaction.TransactionConfig;
import org.milena.broker.transaction.TransactionCoordinator;
import org.milena.broker.transaction.TransactionTopic;

/**
 * Real logs, partitions and transaction coordinator on a {@link SimulatedDisk}, moved by hand; {@link #cutBefore} lets the power fail at
 * one exact operation of the disk.
 */
final class PowerCutBroker {

    static final TopicPartition T = new TopicPartition("t", 0);
    static final TopicPartition U = new TopicPartition("u", 0);
    static final TopicPartition OFFSETS = new TopicPartition(OffsetsTopic.NAME, 0);
    static final int TIMEOUT_MS = 60_000;
    private static final RequestInfo INFO = new RequestInfo((short) 5, "client", "/127.0.0.1");
    private static final Path DIR = Path.of("/logs");
    private static final LogConfig CONFIG = LogFixture.config(1 << 20);

    final SimWorld world = new SimWorld();
    private final SimulatedDisk disk = new SimulatedDisk();
    private FileLogManager logs;
    private ReplicaManager replicas;
    private TransactionCoordinator coordinator;
    private GroupCoordinator groups;
    private HangingTransactions hanging;
    private MetadataImage image;
    private int leaderEpoch = -1;
    private long lastProducerId = 999;
    private long operations;
    private long cutAt = Long.MAX_VALUE;

    PowerCutBroker() {
        start();
        flush();
        pump();
    }

    /** What is written so far survives. */
    void flush() {
        logs.logs().forEach(PartitionLog::flush);
    }

    Uuid topicId(TopicPartition tp) {
        return image.topic(tp.topic()).id();
    }

    TransactionCoordinator coordinator() {
        return coordinator;
    }

    /** No write, force or rename from this one on happens any more, counted from now. */
    void cutBefore(long operation) {
        operations = 0;
        cutAt = operation;
    }

    boolean wasCut() {
        return operations > cutAt;
    }

    /** @param random decides what of the unsynced bytes survives */
    void powerCut(Random random) {
        coordinator.shutdown();
        groups.shutdown();
        world.run();
        disk.powerCut(random);
        cutAt = Long.MAX_VALUE;
    }

    void start() {
        disk.fault((operation, file) -> {
            if (operation != SimulatedDisk.Operation.READ && operations++ >= cutAt) {
                throw new IOException("the power is off");
            }
        });
        leaderEpoch++;
        Map<String, TopicImage> topics = new HashMap<>();
        int number = 1;
        for (String name : List.of("t", "u", TransactionTopic.NAME, OffsetsTopic.NAME)) {
            topics.put(name, new TopicImage(new Uuid(1, number++), name, false,
                    List.of(new PartitionImage(0, 1, leaderEpoch, List.of(1), List.of(1))), Map.of(), false));
        }
        Map<Uuid, TopicImage> byId = new HashMap<>();
        topics.values().forEach(topic -> byId.put(topic.id(), topic));
        image = new MetadataImage(leaderEpoch + 1, "cluster", 1, List.of(), topics, byId, Map.of(), Map.of());
        logs = FileLogManager.open(new LogManagerOptions(List.of(DIR), 1, disk, world, path -> LogFixture.sameThread(), Runnable::run, 20,
                86_400_000, CONFIG));
        replicas = new ReplicaManager(logs, AppendGate.OPEN);
        topics.values().forEach(topic -> replicas.create(topic, topic.partitions(), CONFIG));
        GroupConfig groupConfig = GroupConfig.of(Map.of("offsets.topic.num.partitions", 1));
        groups = new GroupCoordinator(() -> groupConfig, () -> image, new CoordinatorPartitions(replicas, OffsetsTopic.NAME),
                () -> coordinator.branches().promisedProducers(), world, world, world, ConsumerGroups.factory(new RegexResolver(world)));
        groups.onElection(0, leaderEpoch);
        TransactionConfig config = new TransactionConfig(1, 900_000, 604_800_000, 10_000, 3_600_000, 100);
        PartitionMarkers markers = new PartitionMarkers(replicas, () -> image, OffsetsTopic.NAME, groups::endTransaction);
        coordinator = new TransactionCoordinator(() -> config, () -> image, new CoordinatorPartitions(replicas, TransactionTopic.NAME), markers,
                new PartitionDurability(replicas, () -> image, OffsetsTopic.NAME, groups::sealTransaction),
                callback -> callback.accept(++lastProducerId, null), world, world, world);
        hanging = new HangingTransactions(coordinator, markers);
        coordinator.onElection(0, leaderEpoch);
        pump();
    }

    /** Runs all that is ready, flushes included. */
    void pump() {
        do {
            world.run();
        } while (((FileLogDirectory) logs.log(T).orElseThrow().directory()).groupCommit().serveWaiting());
    }

    /** Moves the clock in small steps. */
    void advance(long ms) {
        for (long passed = 0; passed < ms; passed += 1_000) {
            world.advance(1_000);
            hanging.check();
            pump();
        }
    }

    /** Null when there is no answer: the power is off. */
    <T> T call(Supplier<CompletableFuture<T>> request) {
        CompletableFuture<T> answer = request.get();
        pump();
        if (!answer.isDone()) {
            advance(10_000);
        }
        return answer.isDone() && !answer.isCompletedExceptionally() ? answer.join() : null;
    }

    /** The producer id, in epoch 0; -1 when the power is off. */
    long init(String transactionalId) {
        var answer = call(() -> coordinator.initProducerId(new InitProducerIdRequestData().setTransactionalId(transactionalId)
                .setTransactionTimeoutMs(TIMEOUT_MS)));
        return answer == null || answer.errorCode() != 0 ? -1 : answer.producerId();
    }

    /** As the produce path does it; false when the records are not acknowledged. */
    boolean send(TopicPartition tp, String transactionalId, long producerId, int sequence, String... values) {
        try {
            Partition partition = replicas.partition(tp.topic(), tp.partition());
            TransactionGuard guard = partition.log().expectTransaction(producerId, (short) 0, sequence, true);
            var admitted = call(() -> coordinator.admit(transactionalId, producerId, (short) 0, Set.of(tp), true));
            if (admitted == null || admitted.get(tp) != Errors.NONE) {
                return false;
            }
            SimpleRecord[] records = new SimpleRecord[values.length];
            for (int i = 0; i < values.length; i++) {
                records[i] = new SimpleRecord(world.millis(), values[i].getBytes(StandardCharsets.UTF_8));
            }
            partition.append(MemoryRecords.withTransactionalRecords(Compression.NONE, producerId, (short) 0, sequence, records).buffer(),
                    AppendOrigin.CLIENT, -1, guard, error -> { });
            return true;
        } catch (org.apache.kafka.common.errors.ApiException e) {
            return false;
        }
    }

    /** As TxnOffsetCommit does it: an offset of group g for t-0, in the transaction; false when it is not acknowledged. */
    boolean sendOffset(String transactionalId, long producerId, long offset) {
        TxnOffsetCommitRequestData request = new TxnOffsetCommitRequestData().setTransactionalId(transactionalId).setGroupId("g")
                .setProducerId(producerId).setProducerEpoch((short) 0).setTopics(List.of(new TxnOffsetCommitRequestTopic().setName("t")
                        .setPartitions(List.of(new TxnOffsetCommitRequestPartition().setPartitionIndex(0).setCommittedOffset(offset)))));
        var answer = call(() -> groups.commitOffsets(INFO, request, coordinator));
        return answer != null && answer.topics().get(0).partitions().get(0).errorCode() == 0;
    }

    /** What the group has committed for t-0; -1 for nothing, or the error that it is not stable. */
    String offset() {
        var answer = call(() -> groups.fetchOffsets(INFO, new OffsetFetchRequestGroup().setGroupId("g").setTopics(List.of(
                new OffsetFetchRequestTopics().setName("t").setPartitionIndexes(List.of(0)))), true)).topics().get(0).partitions().get(0);
        return answer.errorCode() == 0 ? String.valueOf(answer.committedOffset()) : Errors.forCode(answer.errorCode()).name();
    }

    /** Nothing is undecided in the partition. */
    boolean isStable(TopicPartition tp) {
        return replicas.partition(tp.topic(), tp.partition()).log().firstUnstableOffset() == Long.MAX_VALUE;
    }

    /** What a read_committed consumer gets, whatever is undecided. */
    List<String> committed(TopicPartition tp) {
        PartitionLog log = replicas.partition(tp.topic(), tp.partition()).log();
        Map<Long, List<String>> open = new HashMap<>();
        List<String> committed = new ArrayList<>();
        for (long next = 0; next < log.logEndOffset();) {
            for (RecordBatch batch : LogFixture.fetch(log, next, 1 << 20, log.logEndOffset()).batches()) {
                List<String> values = open.computeIfAbsent(batch.producerId(), id -> new ArrayList<>());
                if (batch.isControlBatch()) {
                    if (ControlRecordType.parse(batch.iterator().next().key()) == ControlRecordType.COMMIT) {
                        committed.addAll(values);
                    }
                    values.clear();
                } else {
                    for (Record record : batch) {
                        ByteBuffer value = record.value();
                        values.add(StandardCharsets.UTF_8.decode(value).toString());
                    }
                }
                next = batch.nextOffset();
            }
        }
        return committed;
    }
}
