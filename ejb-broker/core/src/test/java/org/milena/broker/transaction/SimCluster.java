package org.milena.broker.transaction;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.cluster.ProducerIds;
import org.milena.broker.group.SimLog;
import org.milena.broker.group.SimWorld;

/** One coordinator over two partitions of its topic, and the data partitions of all transactions. */
final class SimCluster {

    static final List<TopicPartition> PARTITIONS = IntStream.range(0, 5).mapToObj(i -> new TopicPartition("data", i)).toList();
    private static final int COORDINATOR_PARTITIONS = 2;

    final SimWorld world = new SimWorld();
    final SimLog log = new SimLog(world);
    final SimPartitions partitions;
    boolean faulty = true;
    private final Random random;
    private final MetadataImage image = image();
    private TransactionCoordinator coordinator;
    private final int[] epochs = new int[COORDINATOR_PARTITIONS];
    private long lastProducerId;

    SimCluster(Random random) {
        this.random = random;
        partitions = new SimPartitions(world, random);
        log.setDelay(partition -> random.nextInt(50));
        restart();
    }

    private static MetadataImage image() {
        TopicImage topic = new TopicImage(new Uuid(7, 7), TransactionTopic.NAME, true, IntStream.range(0, COORDINATOR_PARTITIONS).mapToObj(index ->
                new MetadataImage.PartitionImage(index, 1, 1, List.of(1), List.of(1))).toList(), Map.of(), false);
        return new MetadataImage(1, "cluster", 1, List.of(), Map.of(topic.name(), topic), Map.of(topic.id(), topic), Map.of(), Map.of());
    }

    TransactionCoordinator coordinator() {
        return coordinator;
    }

    /** A new broker process on the same log. */
    void restart() {
        if (coordinator != null) {
            coordinator.shutdown();
        }
        TransactionConfig config = new TransactionConfig(COORDINATOR_PARTITIONS, 900_000, 604_800_000, 2_000, 3_600_000, 100);
        coordinator = new TransactionCoordinator(() -> config, () -> image, log, partitions, partitions, this::nextProducerId, world, world, world);
        for (int partition = 0; partition < COORDINATOR_PARTITIONS; partition++) {
            elect(partition);
        }
    }

    private void nextProducerId(ProducerIds.Callback callback) {
        callback.accept(++lastProducerId, null);
    }

    void elect(int partition) {
        log.newEpoch(partition, ++epochs[partition]);
        coordinator.onElection(partition, epochs[partition]);
    }

    void fault() {
        switch (random.nextInt(100)) {
            case 0 -> log.setFate(SimLog.Fate.FAIL);
            case 1 -> log.setFate(SimLog.Fate.COMMIT_BUT_REPORT_FAILURE);
            case 2 -> log.stall();
            case 3, 4, 5, 6, 7, 8, 9, 10 -> healLog();
            case 11 -> restart();
            case 12, 13 -> elect(random.nextInt(COORDINATOR_PARTITIONS));
            default -> { }
        }
    }

    private void healLog() {
        log.setFate(SimLog.Fate.COMMIT);
        log.resume();
    }

    void heal() {
        healLog();
        faulty = false;
        partitions.faulty = false;
    }
}
