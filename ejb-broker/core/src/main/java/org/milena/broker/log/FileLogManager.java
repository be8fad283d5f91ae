package org.milena.broker.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InconsistentTopicIdException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.milena.broker.log.clean.CleanerSettings;
import org.milena.broker.log.clean.LogCleaner;
import org.milena.broker.time.BrokerClock;

/** All logs of this broker, kept in Kafka's directory layout. */
public final class FileLogManager implements LogManager {

    private static final System.Logger LOG = System.getLogger(FileLogManager.class.getName());

    private final LogManagerOptions options;
    private final Disk disk;
    private final BrokerClock clock;
    private final LogUpkeep upkeep;
    private final List<FileLogDirectory> directories = new ArrayList<>();
    private final Map<TopicPartition, SegmentedLog> logs = new ConcurrentHashMap<>();
    private final Map<Uuid, Set<SegmentedLog>> logsByTopic = new ConcurrentHashMap<>();
    private final Map<TopicPartition, Aside> aside = new ConcurrentHashMap<>();
    /** Partitions found in more than one directory, with all their logs: none is served. Guarded by itself. */
    private final Map<TopicPartition, List<SegmentedLog>> twins = new HashMap<>();
    /** Where logs are being made. Guarded by itself. */
    private final Map<TopicPartition, FileLogDirectory> placed = new HashMap<>();
    private final Map<Uuid, Map<String, String>> savedConfigs = new ConcurrentHashMap<>();
    private final LongAdder scannedBytes = new LongAdder();

    /** A partition that did not open, with the directories that hold files of it: more than one if that is what was wrong. */
    private record Aside(KafkaStorageException failure, List<FileLogDirectory> directories) {
    }

    private FileLogManager(LogManagerOptions options) {
        this.options = options;
        this.disk = options.disk();
        this.clock = options.clock();
        this.upkeep = new LogUpkeep(this::logsOf, clock);
    }

    /**
     * Opens all directories and every partition in them; blocks until all are recovered. What cannot be opened steps aside and is
     * told by {@link #failure} or {@link LogDirectory#failure}; it never stops the others.
     *
     * @throws KafkaStorageException no directory could be opened, or one is used by another broker or belongs to another node
     */
    public static FileLogManager open(LogManagerOptions options) {
        FileLogManager manager = new FileLogManager(options);
        try {
            manager.openAll();
            return manager;
        } catch (RuntimeException e) {
            manager.directories.forEach(FileLogDirectory::unlock);
            throw e;
        }
    }

    private void openAll() {
        long begin = clock.millis();
        int share = options.maxOpenFiles() / options.logDirs().size();
        List<CompletableFuture<Void>> opening = new ArrayList<>();
        for (Path path : options.logDirs()) {
            FileLogDirectory directory = new FileLogDirectory(path, new FilePool(disk, share), options.executors().apply(path),
                    options.producerExpirationMs());
            directories.add(directory);
            try {
                open(directory, opening);
            } catch (IOException e) {
                directory.fail("its opening", e);
            }
        }
        CompletableFuture.allOf(opening.toArray(new CompletableFuture<?>[0])).join();
        if (directories.stream().noneMatch(FileLogDirectory::online)) {
            throw new KafkaStorageException("No log directory is usable: " + directories.stream().map(d -> d.failure().orElse("")).toList());
        }
        LOG.log(System.Logger.Level.INFO, "{0} partitions opened in {1} ms; {2} MiB read to recover them", String.valueOf(logs.size()),
                String.valueOf(clock.millis() - begin), String.valueOf(scannedBytes.sum() >> 20));
    }

    private void open(FileLogDirectory directory, List<CompletableFuture<Void>> opening) throws IOException {
        disk.createDirectories(directory.path());
        directory.lock();
        identify(directory);
        List<Path> entries = disk.list(directory.path());
        directory.checkpoints().load(partitions(entries));
        Path cleanFile = directory.path().resolve(LogNames.CLEAN_SHUTDOWN);
        boolean clean = disk.exists(cleanFile);
        for (Path path : entries) {
            Optional<TopicPartition> partition = LogNames.partition(path);
            if (path.getFileName().toString().endsWith(LogNames.DELETE_DIRECTORY)) {
                directory.trash().add(path, clock.millis());
            } else if (partition.isPresent() && disk.isDirectory(path)) {
                opening.add(CompletableFuture.runAsync(() -> load(directory, partition.get(), path, clean), options.recovery()));
            }
        }
        disk.delete(cleanFile);
        disk.syncDirectory(directory.path());
    }

    private static Set<TopicPartition> partitions(List<Path> entries) {
        return entries.stream().map(LogNames::partition).flatMap(Optional::stream).collect(Collectors.toSet());
    }

    private void identify(FileLogDirectory directory) throws IOException {
        MetaProperties meta = MetaProperties.read(disk, directory.path());
        if (meta.nodeId().isPresent() && meta.nodeId().get() != options.nodeId()) {
            throw new KafkaStorageException("Log directory " + directory.path() + " belongs to node.id " + meta.nodeId().get()
                    + " (see its " + MetaProperties.NAME + "), this broker has node.id " + options.nodeId());
        }
        Uuid id = meta.directoryId().equals(Uuid.ZERO_UUID) ? Uuid.randomUuid() : meta.directoryId();
        directory.identify(id);
        if (!id.equals(meta.directoryId())) {
            new MetaProperties(meta.clusterId(), Optional.of(options.nodeId()), id).write(disk, directory.path());
        }
    }

    private void load(FileLogDirectory directory, TopicPartition partition, Path path, boolean clean) {
        try {
            DirectoryCheckpoints points = directory.checkpoints();
            LogRecovery recovery = new LogRecovery(directory, partition, path, clean, points.recoveryPoint(partition),
                    points.logStart(partition), clock.millis());
            LoadedLog loaded = recovery.load();
            scannedBytes.add(recovery.scannedBytes());
            register(new SegmentedLog(loaded, directory, options.defaults().asHeld(), clock));
        } catch (IOException | RuntimeException e) {
            String why = "Partition " + partition + " in " + directory.path() + " is offline: " + e.getMessage();
            LOG.log(System.Logger.Level.ERROR, why, e);
            stepAside(directory, partition, new KafkaStorageException(why, e));
        }
    }

    private void stepAside(FileLogDirectory directory, TopicPartition partition, KafkaStorageException failure) {
        directory.stepAside();
        aside.merge(partition, new Aside(failure, List.of(directory)), (some, more) -> {
            List<FileLogDirectory> all = new ArrayList<>(some.directories);
            more.directories.stream().filter(d -> !all.contains(d)).forEach(all::add);
            return new Aside(some.failure, all);
        });
    }

    private void register(SegmentedLog log) {
        TopicPartition partition = log.topicPartition();
        synchronized (twins) {
            List<SegmentedLog> same = twins.getOrDefault(partition, List.of());
            SegmentedLog twin = same.isEmpty() ? logs.putIfAbsent(partition, log) : same.get(0);
            if (twin != null) {
                logs.remove(partition);
                forget(twin);
                twin.directory().checkpoints().stepAside(partition);
                twins.computeIfAbsent(partition, p -> new ArrayList<>(List.of(twin))).add(log);
                KafkaStorageException twice = new KafkaStorageException("It exists twice, in " + log.path() + " and " + twin.path()
                        + ": remove the one that is not wanted");
                stepAside(twin.directory(), partition, twice);
                throw twice;
            }
            log.directory().checkpoints().add(log);
            logsByTopic.computeIfAbsent(log.topicId(), id -> ConcurrentHashMap.newKeySet()).add(log);
        }
    }

    /** The cluster id that the directories name, to be preferred by a new metadata store. */
    public Optional<String> clusterId() {
        for (FileLogDirectory directory : directories) {
            try {
                Optional<String> id = directory.online() ? MetaProperties.read(disk, directory.path()).clusterId() : Optional.empty();
                if (id.isPresent()) {
                    return id;
                }
            } catch (IOException e) {
                directory.fail("reading " + MetaProperties.NAME, e);
            }
        }
        return Optional.empty();
    }

    /**
     * Writes the cluster id into directories that have none.
     *
     * @throws KafkaStorageException a directory belongs to another cluster
     */
    public void joinCluster(String clusterId) {
        for (FileLogDirectory directory : directories) {
            if (!directory.online()) {
                continue;
            }
            try {
                MetaProperties meta = MetaProperties.read(disk, directory.path());
                if (meta.clusterId().isEmpty()) {
                    new MetaProperties(Optional.of(clusterId), Optional.of(options.nodeId()), directory.id()).write(disk, directory.path());
                } else if (!meta.clusterId().get().equals(clusterId)) {
                    throw new KafkaStorageException("Log directory " + directory.path() + " belongs to cluster " + meta.clusterId().get()
                            + " (see its " + MetaProperties.NAME + "), the metadata to cluster " + clusterId);
                }
            } catch (IOException e) {
                throw directory.fail("writing " + MetaProperties.NAME, e);
            }
        }
    }

    /** The flushers of each directory: give each a thread of its own to run on; they end with {@link #close}. */
    public List<Runnable> flushers() {
        return directories.stream().flatMap(d -> Collections.<Runnable>nCopies(DirectoryFlusher.THREADS, d.groupCommit()).stream()).toList();
    }

    @Override
    public List<LogDirectory> directories() {
        return List.copyOf(directories);
    }

    @Override
    public Optional<PartitionLog> log(TopicPartition partition) {
        return Optional.ofNullable(logs.get(partition));
    }

    @Override
    public Optional<KafkaStorageException> failure(TopicPartition partition) {
        return Optional.ofNullable(aside.get(partition)).map(Aside::failure);
    }

    @Override
    public Collection<PartitionLog> logs() {
        return Collections.unmodifiableCollection(logs.values());
    }

    @Override
    public FileLogDirectory place(TopicPartition partition, boolean isNew) {
        Aside broken = aside.get(partition);
        if (broken != null) {
            throw new KafkaStorageException(broken.failure.getMessage(), broken.failure);
        }
        synchronized (placed) {
            SegmentedLog log = logs.get(partition);
            return log != null ? log.directory() : placed.computeIfAbsent(partition, p -> choose(p, isNew));
        }
    }

    private FileLogDirectory choose(TopicPartition partition, boolean isNew) {
        Optional<FileLogDirectory> offline = directories.stream().filter(d -> !d.online()).findFirst();
        if (offline.isPresent() && !isNew) {
            throw new KafkaStorageException("The log of " + partition + " is not in the directories that are online and may be in "
                    + offline.get().path() + ", which is not: " + offline.get().failure().orElse(""));
        }
        return directories.stream().filter(FileLogDirectory::online)
                .min(Comparator.comparingLong(d -> d.checkpoints().logs() + placed.values().stream().filter(p -> p == d).count()))
                .orElseThrow(() -> new KafkaStorageException("All log directories are offline"));
    }

    @Override
    public Optional<LogDirectory> directory(TopicPartition partition) {
        Aside broken = aside.get(partition);
        if (broken != null) {
            return Optional.of(broken.directories.get(0));
        }
        synchronized (placed) {
            SegmentedLog log = logs.get(partition);
            return Optional.ofNullable(log != null ? log.directory() : placed.get(partition));
        }
    }

    @Override
    public PartitionLog getOrCreate(TopicPartition partition, Uuid topicId, LogConfig config, boolean isNew) {
        FileLogDirectory directory = place(partition, isNew);
        synchronized (directory) {
            try {
                SegmentedLog log = logs.get(partition);
                if (log == null) {
                    return create(directory, partition, topicId, config);
                }
                confirmTopicId(log, topicId);
                log.updateConfig(config);
                return log;
            } finally {
                synchronized (placed) {
                    placed.remove(partition);
                }
            }
        }
    }

    private void confirmTopicId(SegmentedLog log, Uuid topicId) {
        if (log.topicId().equals(topicId)) {
            return;
        }
        if (!log.topicId().equals(Uuid.ZERO_UUID)) {
            throw new InconsistentTopicIdException("The log of " + log.topicPartition() + " in " + log.path() + " has topic id "
                    + log.topicId() + ", not " + topicId);
        }
        try {
            PartitionMetadataFile.write(disk, log.path(), topicId);
            forget(log);
            log.assignTopicId(topicId);
            logsByTopic.computeIfAbsent(topicId, id -> ConcurrentHashMap.newKeySet()).add(log);
        } catch (IOException e) {
            throw log.directory().fail("writing " + PartitionMetadataFile.NAME + " of " + log.topicPartition(), e);
        }
    }

    private void forget(SegmentedLog log) {
        logsByTopic.computeIfPresent(log.topicId(), (id, ofTopic) -> {
            ofTopic.remove(log);
            return ofTopic.isEmpty() ? null : ofTopic;
        });
    }

    private SegmentedLog create(FileLogDirectory directory, TopicPartition partition, Uuid topicId, LogConfig config) {
        Path path = LogNames.directory(directory.path(), partition);
        try {
            directory.checkpoints().forget(partition);
            disk.createDirectories(path);
            PartitionMetadataFile.put(disk, path, topicId);
            Map<String, String> configs = savedConfigs.get(topicId);
            if (configs != null) {
                TopicConfigsFile.put(disk, path, configs);
            }
            LoadedLog loaded = new LogRecovery(directory, partition, path, true, 0, 0, clock.millis()).load();
            disk.syncDirectory(path);
            disk.syncDirectory(directory.path());
            SegmentedLog log = new SegmentedLog(loaded, directory, config, clock);
            register(log);
            return log;
        } catch (IOException e) {
            throw directory.fail("creating the log of " + partition, e);
        }
    }

    @Override
    public void delete(TopicPartition partition) {
        Aside broken = aside.get(partition);
        if (broken != null) {
            broken.directories.forEach(directory -> deleteAside(directory, partition));
            aside.remove(partition);
            return;
        }
        SegmentedLog log;
        synchronized (placed) {
            placed.remove(partition);
            log = logs.get(partition);
        }
        if (log == null) {
            return;
        }
        synchronized (log.directory()) {
            if (logs.remove(partition, log)) {
                forget(log);
                if (!logsByTopic.containsKey(log.topicId())) {
                    savedConfigs.remove(log.topicId());
                }
                remove(log.directory(), partition, log.config().fileDeleteDelayMs(), log::delete);
            }
        }
    }

    /** What is damaged is not worth keeping once its topic is gone; left behind, it would stand in the way of the next of that name. */
    private void deleteAside(FileLogDirectory directory, TopicPartition partition) {
        synchronized (twins) {
            for (SegmentedLog log : List.copyOf(twins.getOrDefault(partition, List.of()))) {
                if (log.directory() == directory) {
                    log.closeFiles();
                    twins.get(partition).remove(log);
                }
            }
        }
        synchronized (directory) {
            Path path = LogNames.directory(directory.path(), partition);
            directory.ensureOnline();
            if (disk.exists(path)) {
                remove(directory, partition, options.defaults().fileDeleteDelayMs(), target -> disk.rename(path, target));
            }
        }
    }

    @Override
    public void deleteLeftovers(Set<Uuid> deletedTopics) {
        for (SegmentedLog log : List.copyOf(logs.values())) {
            if (deletedTopics.contains(log.topicId())) {
                deleteLeftover(log.topicPartition(), log.topicId(), () -> delete(log.topicPartition()));
            }
        }
        if (!deletedTopics.isEmpty()) {
            List.copyOf(aside.keySet()).forEach(partition -> deleteLeftovers(partition, deletedTopics));
        }
    }

    private void deleteLeftovers(TopicPartition partition, Set<Uuid> deletedTopics) {
        Aside all = aside.get(partition);
        List<FileLogDirectory> left = new ArrayList<>(all.directories);
        for (FileLogDirectory directory : all.directories) {
            Uuid id = topicIdIn(directory, partition);
            if (deletedTopics.contains(id)) {
                deleteLeftover(partition, id, () -> deleteAside(directory, partition));
                left.remove(directory);
            }
        }
        synchronized (twins) {
            List<SegmentedLog> same = twins.getOrDefault(partition, List.of());
            if (left.isEmpty()) {
                aside.remove(partition);
            } else if (left.size() == 1 && same.size() == 1) {
                aside.remove(partition);
                twins.remove(partition);
                register(same.get(0));
            }
        }
    }

    private Uuid topicIdIn(FileLogDirectory directory, TopicPartition partition) {
        try {
            return PartitionMetadataFile.read(disk, LogNames.directory(directory.path(), partition));
        } catch (IOException | RuntimeException e) {
            return Uuid.ZERO_UUID; // damaged as well, which was said when it was opened
        }
    }

    private void deleteLeftover(TopicPartition partition, Uuid topicId, Runnable delete) {
        try {
            delete.run();
            LOG.log(System.Logger.Level.INFO, "{0}: topic id {1} was deleted before; what was left of it here is removed", partition, topicId);
        } catch (KafkaStorageException e) {
            LOG.log(System.Logger.Level.ERROR, "What is left of " + partition + " of the deleted topic " + topicId + " can't be removed", e);
        }
    }

    private interface Rename {
        void to(Path target) throws IOException;
    }

    private void remove(FileLogDirectory directory, TopicPartition partition, long delayMs, Rename rename) {
        directory.checkpoints().remove(partition);
        Path target = LogNames.deleteDirectory(directory.path(), partition, Uuid.randomUuid());
        try {
            directory.deleted(partition); // before the files: a crash in between must leave no line for a successor
            rename.to(target);
            disk.syncDirectory(directory.path());
            directory.trash().add(target, clock.millis() + delayMs);
            directory.deleted(partition); // a compaction may have come in between
        } catch (IOException e) {
            throw directory.fail("deleting the log of " + partition, e);
        }
    }

    @Override
    public List<FoundTopic> found() {
        Map<String, List<SegmentedLog>> byTopic = new TreeMap<>();
        logs.values().forEach(log -> byTopic.computeIfAbsent(log.topicPartition().topic(), t -> new ArrayList<>()).add(log));
        List<FoundTopic> found = new ArrayList<>();
        byTopic.forEach((topic, parts) -> {
            Optional<Map<String, String>> configs = Optional.empty();
            for (SegmentedLog log : parts) {
                configs = configs.or(() -> configsBeside(log));
            }
            found.add(new FoundTopic(topic, parts.get(0).topicId(),
                    parts.stream().map(l -> l.topicPartition().partition()).sorted().toList(), configs));
        });
        return found;
    }

    private Optional<Map<String, String>> configsBeside(SegmentedLog log) {
        try {
            return TopicConfigsFile.read(disk, log.path());
        } catch (IOException e) {
            throw log.directory().fail("reading " + TopicConfigsFile.NAME + " of " + log.topicPartition(), e);
        }
    }

    @Override
    public void saveTopicConfigs(LogDirectory directory, Uuid topicId, Map<String, String> configs) {
        savedConfigs.put(topicId, Map.copyOf(configs));
        for (SegmentedLog log : logsByTopic.getOrDefault(topicId, Set.of())) {
            if (log.directory() == directory && log.directory().online()) {
                try {
                    TopicConfigsFile.write(disk, log.path(), configs);
                } catch (IOException e) {
                    throw log.directory().fail("writing " + TopicConfigsFile.NAME + " of " + log.topicPartition(), e);
                }
            }
        }
    }

    @Override
    public long maxProducerId() {
        return logs.values().stream().mapToLong(SegmentedLog::maxProducerId).max().orElse(-1);
    }

    @Override
    public void enforceRetention(LogDirectory directory) {
        upkeep.enforceRetention((FileLogDirectory) directory);
    }

    @Override
    public void flushDirty(LogDirectory directory) {
        upkeep.flushDirty((FileLogDirectory) directory);
    }

    @Override
    public void checkpoint(LogDirectory directory) {
        if (directory.online()) {
            ((FileLogDirectory) directory).checkpoints().write();
        }
    }

    /** How {@link #cleanOnce} compacts; without it, it never does. {@code sleeper} waits for the throttle. */
    public void compactWith(CleanerSettings settings, LogCleaner.Sleeper sleeper) {
        for (FileLogDirectory directory : directories) {
            directory.compactWith(new LogCleaner(disk, directory.path(), settings, clock::millis, sleeper));
        }
    }

    @Override
    public boolean cleanOnce(LogDirectory directory) throws InterruptedException {
        return upkeep.cleanOnce((FileLogDirectory) directory);
    }

    private List<SegmentedLog> logsOf(LogDirectory directory) {
        return logs.values().stream().filter(log -> log.directory() == directory).toList();
    }

    @Override
    public void close() {
        close(30_000);
    }

    /** @param patienceMs how long a directory may make no progress before it is given up */
    void close(long patienceMs) {
        new LogClosing(directories, this::logsOf).close(patienceMs);
        synchronized (twins) {
            twins.values().forEach(same -> same.forEach(SegmentedLog::closeFiles));
        }
    }
}
