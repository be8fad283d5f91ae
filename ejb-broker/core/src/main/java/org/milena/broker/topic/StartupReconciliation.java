package org.milena.broker.topic;

import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.WARNING;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.internals.Topic;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.BrokerImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.cluster.MetadataStore.PartitionRow;
import org.milena.broker.cluster.MetadataStore.PartitionUpdate;
import org.milena.broker.cluster.MetadataStore.Snapshot;
import org.milena.broker.cluster.MetadataStore.TopicRow;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.ConfigValidation;
import org.milena.broker.config.LogConfigs;
import org.milena.broker.log.LogManager.FoundTopic;
import org.milena.broker.log.PartitionLog;

/**
 * Brings database and log directories together when the broker starts. The database leads; what only the directories know is
 * registered again, with its settings where they lie beside the logs, else held; unless it is a leftover of a topic that was
 * deleted: that is removed, since every directory has been seen then, the deletion is forgotten. Every partition gets a leader epoch above its
 * stored one and above its {@code leader-epoch-checkpoint}: a broker never leads under an epoch of an earlier incarnation
 * (rules 2 and 7).
 */
final class StartupReconciliation {

    private static final System.Logger LOG = System.getLogger(StartupReconciliation.class.getName());

    private final AdminContext context;
    private final BrokerConfig config;
    private final Set<TopicPartition> onDisk = new java.util.HashSet<>();
    private final Map<Uuid, TopicRow> topics = new LinkedHashMap<>();
    private final Set<String> names = new java.util.HashSet<>();

    /** @param config with the dynamic values of the store */
    StartupReconciliation(AdminContext context, BrokerConfig config) {
        this.context = context;
        this.config = config;
    }

    /** The first image: every partition it shows with a leader takes writes. */
    MetadataImage run(Snapshot snapshot, String clusterId, List<BrokerImage> brokers) {
        snapshot.topics().forEach(row -> {
            topics.put(row.id(), row);
            names.add(row.name());
        });
        context.logs().deleteLeftovers(snapshot.deleted());
        List<FoundTopic> found = context.logs().found();
        found.forEach(topic -> topic.partitions().forEach(p -> onDisk.add(new TopicPartition(topic.name(), p))));
        found.forEach(this::adopt);
        raiseEpochs();
        List<TopicImage> images = topics.values().stream().map(this::open).toList();
        warnOfHeld(images);
        if (!snapshot.deleted().isEmpty() && context.allOnline()) {
            context.store().forgetDeleted(snapshot.deleted());
        }
        MetadataImage empty = new MetadataImage(context.image().version(), clusterId, config.nodeId(), List.copyOf(brokers), Map.of(), Map.of(),
                copy(snapshot.configs().getOrDefault("broker", Map.of())), copy(snapshot.configs().getOrDefault("group", Map.of())));
        return MetadataImages.with(empty, images);
    }

    private static Map<String, Map<String, String>> copy(Map<String, Map<String, String>> configs) {
        return configs.entrySet().stream().filter(e -> !e.getValue().isEmpty())
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, e -> Map.copyOf(e.getValue())));
    }

    private void adopt(FoundTopic found) {
        TopicRow known = topics.get(found.id());
        if (known != null) {
            adoptPartitions(known, found);
            return;
        }
        if (found.name().equals("__cluster_metadata")) {
            return;
        }
        if (names.contains(found.name())) {
            LOG.log(ERROR, "The log directories hold topic {0} with id {1}, but the database knows that name under another id: these logs "
                    + "are left alone. Move them away, or restore the database that belongs to them", found.name(), found.id());
            return;
        }
        if (!Topic.isValid(found.name())) {
            LOG.log(ERROR, "The log directories hold a topic with the invalid name {0}: left alone", found.name());
            return;
        }
        register(found);
    }

    private void register(FoundTopic found) {
        Map<String, String> configs = found.configs().orElse(InternalTopics.configs(found.name(), config));
        boolean held = found.configs().isEmpty() && configs.isEmpty();
        try {
            ConfigValidation.topic(configs, config);
        } catch (ApiException e) {
            LOG.log(ERROR, "The settings beside the logs of topic " + found.name() + " can't be used", e);
            configs = Map.of();
            held = true;
        }
        Uuid id = found.id().equals(Uuid.ZERO_UUID) ? Uuid.randomUuid() : found.id();
        TopicRow row = new TopicRow(id, found.name(), Topic.isInternal(found.name()), held, rows(0, partitionCount(found)), configs);
        context.store().createTopic(row);
        topics.put(id, row);
        names.add(row.name());
        LOG.log(WARNING, "Topic {0} (id {1}) with {2} partition(s) was in the log directories but not in the database: registered again {3}",
                row.name(), id, row.partitions().size(), held ? "without its settings, which are unknown" : "with settings " + configs);
    }

    private static int partitionCount(FoundTopic found) {
        return found.partitions().stream().mapToInt(Integer::intValue).max().orElse(0) + 1;
    }

    private List<PartitionRow> rows(int from, int to) {
        List<PartitionRow> rows = new ArrayList<>();
        for (int index = from; index < to; index++) {
            rows.add(Placement.row(index, List.of(config.nodeId())));
        }
        return rows;
    }

    /** Logs beyond the database's partitions: an addition that a crash cut short after the logs were made is completed. */
    private void adoptPartitions(TopicRow known, FoundTopic found) {
        if (!known.name().equals(found.name())) {
            LOG.log(ERROR, "Topic id {0} is {1} in the database but {2} in the log directories: these logs are left alone",
                    known.id(), known.name(), found.name());
            return;
        }
        List<PartitionRow> added = rows(known.partitions().size(), partitionCount(found));
        if (added.isEmpty()) {
            return;
        }
        context.store().addPartitions(known.id(), added);
        List<PartitionRow> all = new ArrayList<>(known.partitions());
        all.addAll(added);
        topics.put(known.id(), with(known, all));
        LOG.log(WARNING, "Topic {0} has logs for {1} partitions, the database knew {2}: the others are added",
                known.name(), all.size(), known.partitions().size());
    }

    private static TopicRow with(TopicRow row, List<PartitionRow> partitions) {
        return new TopicRow(row.id(), row.name(), row.internal(), row.configsHeld(), partitions, row.configs());
    }

    private void raiseEpochs() {
        List<PartitionUpdate> updates = new ArrayList<>();
        for (TopicRow topic : List.copyOf(topics.values())) {
            List<PartitionRow> next = topic.partitions().stream().map(row -> raised(topic.name(), row)).toList();
            for (int i = 0; i < next.size(); i++) {
                updates.add(new PartitionUpdate(topic.id(), next.get(i), topic.partitions().get(i).version()));
            }
            topics.put(topic.id(), with(topic, next));
        }
        if (!updates.isEmpty() && !context.store().updatePartitions(updates)) {
            throw new IllegalStateException("Another broker changed the partitions in the database while this one started: "
                    + "two brokers with node.id " + config.nodeId() + " must not share a database");
        }
    }

    private PartitionRow raised(String topic, PartitionRow row) {
        int inLog = context.logs().log(new TopicPartition(topic, row.index())).map(log -> log.latestEpoch().orElse(-1)).orElse(-1);
        int epoch = Math.max(row.leaderEpoch(), inLog) + 1;
        return new PartitionRow(row.index(), config.nodeId(), epoch, row.replicas(), row.isr(), row.version() + 1);
    }

    /** Opens a topic's partitions; one that can't be opened is shown without a leader, and takes no other with it. */
    private TopicImage open(TopicRow row) {
        TopicImage topic = MetadataImages.topic(row);
        List<PartitionImage> openable = topic.partitions().stream().filter(p -> reachable(topic, p)).toList();
        Map<Integer, PartitionImage> opened = new HashMap<>();
        try {
            context.partitions().create(topic, openable, LogConfigs.of(config, topic.configs(), topic.configsHeld()));
            openable.forEach(p -> opened.put(p.index(), p));
        } catch (RuntimeException e) {
            openable.forEach(p -> openAlone(topic, p, opened));
        }
        opened.replaceAll((index, p) -> aboveItsLog(topic, row.partitions().get(index), p));
        return MetadataImages.withPartitions(topic, topic.partitions().stream()
                .map(p -> opened.getOrDefault(p.index(), new PartitionImage(p.index(), -1, p.leaderEpoch(), p.replicas(), p.isr()))).toList());
    }

    private void openAlone(TopicImage topic, PartitionImage partition, Map<Integer, PartitionImage> opened) {
        try {
            context.partitions().create(topic, List.of(partition), LogConfigs.of(config, topic.configs(), topic.configsHeld()));
            opened.put(partition.index(), partition);
        } catch (RuntimeException e) {
            LOG.log(ERROR, "Partition " + topic.name() + "-" + partition.index() + " can't be opened: it has no leader until the next start", e);
        }
    }

    /** A partition that is on no readable directory may lie on the failed one: making it anew would show an empty log for a full one. */
    private boolean reachable(TopicImage topic, PartitionImage partition) {
        if (onDisk.contains(new TopicPartition(topic.name(), partition.index()))
                || context.allOnline()) {
            return true;
        }
        LOG.log(ERROR, "Partition {0}-{1} is in no log directory that can be read, and one is offline: it has no leader",
                topic.name(), partition.index());
        return false;
    }

    /** A log that was only now opened may hold a higher epoch than the database knew. */
    private PartitionImage aboveItsLog(TopicImage topic, PartitionRow row, PartitionImage partition) {
        PartitionLog log = context.logs().log(new TopicPartition(topic.name(), partition.index())).orElse(null);
        if (log == null || log.latestEpoch().orElse(-1) < partition.leaderEpoch()) {
            return partition;
        }
        PartitionRow next = raised(topic.name(), row);
        if (!context.store().updatePartition(topic.id(), next, row.version())) {
            throw new IllegalStateException("The leader epoch of " + topic.name() + "-" + row.index() + " was changed by another broker");
        }
        PartitionImage image = MetadataImages.partition(next);
        context.partitions().create(topic, List.of(image), LogConfigs.of(config, topic.configs(), topic.configsHeld()));
        return image;
    }

    private static void warnOfHeld(List<TopicImage> images) {
        Set<String> held = images.stream().filter(TopicImage::configsHeld).map(TopicImage::name).collect(Collectors.toCollection(TreeSet::new));
        if (!held.isEmpty()) {
            LOG.log(WARNING, "The settings of these topics are unknown: retention, compaction and DeleteRecords are held for each of them "
                    + "until these are set (kafka-configs --alter): {0}. Topics: {1}", UnknownSettings.WANTED, held);
        }
    }
}
