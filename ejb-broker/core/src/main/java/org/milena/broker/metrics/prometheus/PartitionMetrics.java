package org.milena.broker.metrics.prometheus;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Collection;
import java.util.function.IntSupplier;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.log.LogManager;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.replication.Partition;
import org.milena.broker.replication.ReplicaManager;

/** Kafka's ReplicaManager, KafkaController, LogManager and Log gauges, counted when they are asked for. */
final class PartitionMetrics implements MultiCollector {

    private final int brokerId;
    private final ReplicaManager replicas;
    private final LogManager logs;
    private final MetadataCache metadata;
    private final IntSupplier maxPartitionSeries;

    PartitionMetrics(int brokerId, ReplicaManager replicas, LogManager logs, MetadataCache metadata, IntSupplier maxPartitionSeries) {
        this.brokerId = brokerId;
        this.replicas = replicas;
        this.logs = logs;
        this.metadata = metadata;
        this.maxPartitionSeries = maxPartitionSeries;
    }

    @Override
    public MetricSnapshots collect() {
        Snapshots out = new Snapshots();
        Collection<Partition> partitions = replicas.partitions();
        long online = partitions.stream().filter(Partition::online).count();
        out.gauge("kafka_server_replicamanager_partitioncount", "Partitions on this broker", partitions.size());
        out.gauge("kafka_server_replicamanager_leadercount", "Partitions this broker leads and can serve", online);
        out.gauge("kafka_server_replicamanager_offlinereplicacount", "Partitions in log directories that are offline", partitions.size() - online);
        MetadataImage image = metadata.image();
        cluster(image, partitions.size() - online, out);
        inSync(image, out);
        out.gauge("kafka_log_logmanager_offlinelogdirectorycount", "Log directories that are offline",
                logs.directories().stream().filter(d -> !d.online()).count());
        boolean omitted = partitions.size() > maxPartitionSeries.getAsInt();
        out.gauge("milena_metrics_partition_series_omitted",
                "1 when there are more partitions than milena.metrics.partitions and the series by partition are left out", omitted ? 1 : 0);
        if (!omitted) {
            partitions.stream().filter(Partition::online).forEach(p -> log(p, out));
        }
        return out.build();
    }

    private void cluster(MetadataImage image, long offlineHere, Snapshots out) {
        long partitions = 0;
        long leaderless = 0;
        for (TopicImage topic : image.topicsByName().values()) {
            partitions += topic.partitions().size();
            leaderless += topic.partitions().stream().filter(p -> p.leader() < 0).count();
        }
        out.gauge("kafka_controller_kafkacontroller_activecontrollercount", "1 on the broker that is the controller", image.controllerId() == brokerId ? 1 : 0);
        out.gauge("kafka_controller_kafkacontroller_globaltopiccount", "Topics of the cluster", image.topicsByName().size());
        out.gauge("kafka_controller_kafkacontroller_globalpartitioncount", "Partitions of the cluster", partitions);
        out.gauge("kafka_controller_kafkacontroller_offlinepartitionscount",
                "Partitions that nobody can read or write: without a leader, or led here in a log directory that is offline", leaderless + offlineHere);
    }

    private void inSync(MetadataImage image, Snapshots out) {
        long underReplicated = 0;
        long underMinIsr = 0;
        long atMinIsr = 0;
        for (Partition partition : replicas.partitions()) {
            TopicImage topic = image.topic(partition.topicId());
            PartitionImage state = topic == null ? null : find(topic, partition.topicPartition().partition());
            if (state == null || state.leader() != brokerId) {
                continue;
            }
            int min = partition.log().config().minInsyncReplicas();
            underReplicated += state.isr().size() < state.replicas().size() ? 1 : 0;
            underMinIsr += state.isr().size() < min ? 1 : 0;
            atMinIsr += state.isr().size() == min ? 1 : 0;
        }
        out.gauge("kafka_server_replicamanager_underreplicatedpartitions", "Partitions led here with fewer in-sync replicas than replicas", underReplicated);
        out.gauge("kafka_server_replicamanager_underminisrpartitioncount", "Partitions led here with fewer in-sync replicas than min.insync.replicas", underMinIsr);
        out.gauge("kafka_server_replicamanager_atminisrpartitioncount", "Partitions led here with exactly min.insync.replicas in sync", atMinIsr);
    }

    /** Partitions are listed by index; anything else is found the long way. */
    private static PartitionImage find(TopicImage topic, int index) {
        if (index < topic.partitions().size() && topic.partitions().get(index).index() == index) {
            return topic.partitions().get(index);
        }
        return topic.partitions().stream().filter(p -> p.index() == index).findFirst().orElse(null);
    }

    private static void log(Partition partition, Snapshots out) {
        PartitionLog log = partition.log();
        String[] labels = {"topic", partition.topicPartition().topic(), "partition", Integer.toString(partition.topicPartition().partition())};
        out.gauge("kafka_log_log_size", "Bytes of the log's segments", log.size(), labels);
        out.gauge("kafka_log_log_logstartoffset", "First offset that can be read", log.logStartOffset(), labels);
        out.gauge("kafka_log_log_logendoffset", "Offset of the next record", log.logEndOffset(), labels);
    }
}
