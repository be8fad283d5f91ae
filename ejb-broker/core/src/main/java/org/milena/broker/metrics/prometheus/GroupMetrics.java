package org.milena.broker.metrics.prometheus;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.apache.kafka.common.TopicPartition;
import org.milena.broker.metrics.prometheus.GroupSource.GroupSnapshot;
import org.milena.broker.replication.Partition;
import org.milena.broker.replication.ReplicaManager;

/** Consumer groups: how many in which state, and how far they are behind. */
final class GroupMetrics implements MultiCollector {

    private static final String MANAGER = "kafka_coordinator_group_groupmetadatamanager_";
    private static final String[] KNOWN_STATES = {"preparingrebalance", "completingrebalance", "stable", "dead", "empty"};

    private final GroupSource source;
    private final ReplicaManager replicas;
    private final IntSupplier maxPartitionSeries;

    GroupMetrics(GroupSource source, ReplicaManager replicas, IntSupplier maxPartitionSeries) {
        this.source = source;
        this.replicas = replicas;
        this.maxPartitionSeries = maxPartitionSeries;
    }

    @Override
    public MetricSnapshots collect() {
        Snapshots out = new Snapshots();
        Collection<GroupSnapshot> groups = source.groups();
        Map<String, Integer> states = new TreeMap<>();
        for (String state : KNOWN_STATES) {
            states.put(state, 0);
        }
        long series = 0;
        for (GroupSnapshot group : groups) {
            states.merge(group.state().toLowerCase(Locale.ROOT).replaceAll("[^a-z]", ""), 1, Integer::sum);
            out.gauge("kafka_consumergroup_members", "Members of the group", group.members(), "group", group.groupId());
            series += group.committed().size();
        }
        out.gauge(MANAGER + "numgroups", "Groups this broker coordinates", groups.size());
        states.forEach((state, count) -> out.gauge(MANAGER + "numgroups" + state, "Groups in this state", count));
        if (series <= maxPartitionSeries.getAsInt()) {
            lags(groups, out);
        }
        return out.build();
    }

    private void lags(Collection<GroupSnapshot> groups, Snapshots out) {
        Map<TopicPartition, Partition> led = new HashMap<>();
        replicas.partitions().forEach(p -> led.put(p.topicPartition(), p));
        for (GroupSnapshot group : groups) {
            group.committed().forEach((tp, offset) -> {
                Partition partition = led.get(tp);
                if (partition != null && partition.online()) {
                    String[] labels = {"group", group.groupId(), "topic", tp.topic(), "partition", Integer.toString(tp.partition())};
                    out.gauge("kafka_consumergroup_current_offset", "Committed offset", offset, labels);
                    out.gauge("kafka_consumergroup_lag", "Records between the committed offset and the high watermark",
                            Math.max(0, partition.highWatermark() - offset), labels);
                }
            });
        }
    }
}
