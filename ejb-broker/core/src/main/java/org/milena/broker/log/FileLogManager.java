package org.milena.broker.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
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
    private final List<FileLogDirectory> directories = new ArrayList<>();
    private final Map<TopicPartition, SegmentedLog> logs = new ConcurrentHashMap<>();
    private final Map<TopicPartition, KafkaStorageException> aside = new ConcurrentHashMap<>();
    private final Map<Uuid, Map<String, String>> savedConfigs = new ConcurrentHashMap<>();
    private final List<Closeable> locks = Collections.synchronizedList(new ArrayList<>());
    private final Object creation = new Object();

    private FileLogManager(LogManagerOptions options) {
        this.options = options;
        this.disk = options.disk();
        this.clock = options.clock();
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
            manager.releaseLocks();
            throw e;
        }
    }

    private void openAll() {
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
    }

    private void open(FileLogDirectory directory, List<CompletableFuture<Void>> opening) throws IOException {
        disk.createDirectories(directory.path());
        locks.add(disk.lock(directory.path().resolve(LogNames.LOCK)));
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
            LoadedLog loaded = new LogRecovery(directory, partition, path, clean, points.recoveryPoint(partition),
                    points.logStart(partition), clock.millis()).load();
            register(new SegmentedLog(loaded, directory, options.defaults().asHeld(), clock));
        } catch (IOException | RuntimeException e) {
            String why = "Partition " + partition + " in " + directory.path() + " is offline: " + e.getMessage();
            LOG.log(System.Logger.Level.ERROR, why, e);
            directory.stepAside();
            aside.put(partition, new KafkaStorageException(why, e));
        }
    }

    private void register(SegmentedLog log) {
        SegmentedLog twin = logs.putIfAbsent(log.topicPartition(), log);
        if (twin != null) {
            logs.remove(log.topicPartition());
            throw new KafkaStorageException("It exists twice, in " + log.path() + " and " + twin.path()
                    + ": remove the one that is not wanted");
        }
        log.directory().checkpoints().add(log);
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

    /** The flusher of each directory: give each a thread of its own to run on; they end with {@link #close}. */
    public List<Runnable> flushers() {
        return directories.stream().map(d -> (Runnable) d.groupCommit()).toList();
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
        return Optional.ofNullable(aside.get(partition));
    }

    @Override
    public Collection<PartitionLog> logs() {
        return Collections.unmodifiableCollection(logs.values());
    }

    @Override
    public PartitionLog getOrCreate(TopicPartition partition, Uuid topicId, LogConfig config, boolean isNew) {
        synchronized (creation) {
            KafkaStorageException broken = aside.get(partition);
            if (broken != null) {
                throw new KafkaStorageException(broken.getMessage(), broken);
            }
            SegmentedLog log = logs.get(partition);
            if (log == null) {
                return create(partition, topicId, config, isNew);
            }
            confirmTopicId(log, topicId);
            log.updateConfig(config);
            return log;
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
            log.assignTopicId(topicId);
        } catch (IOException e) {
            throw log.directory().fail("writing " + PartitionMetadataFile.NAME + " of " + log.topicPartition(), e);
        }
    }

    private SegmentedLog create(TopicPartition partition, Uuid topicId, LogConfig config, boolean isNew) {
        Optional<FileLogDirectory> offline = directories.stream().filter(d -> !d.online()).findFirst();
        if (offline.isPresent() && !isNew) {
            throw new KafkaStorageException("The log of " + partition + " is not in the directories that are online and may be in "
                    + offline.get().path() + ", which is not: " + offline.get().failure().orElse(""));
        }
        FileLogDirectory directory = directories.stream().filter(FileLogDirectory::online)
                .min(Comparator.comparingLong(d -> logs.values().stream().filter(l -> l.directory() == d).count()))
                .orElseThrow(() -> new KafkaStorageException("All log directories are offline"));
        Path path = LogNames.directory(directory.path(), partition);
        try {
            directory.checkpoints().forget(partition);
            disk.createDirectories(path);
            PartitionMetadataFile.write(disk, path, topicId);
            Map<String, String> configs = savedConfigs.get(topicId);
            if (configs != null) {
                TopicConfigsFile.write(disk, path, configs);
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
        synchronized (creation) {
            SegmentedLog log = logs.remove(partition);
            if (log == null) {
                return;
            }
            FileLogDirectory directory = log.directory();
            directory.checkpoints().remove(partition);
            Path target = LogNames.deleteDirectory(directory.path(), partition, Uuid.randomUuid());
            try {
                log.delete(target);
                disk.syncDirectory(directory.path());
                directory.trash().add(target, clock.millis() + log.config().fileDeleteDelayMs());
                directory.deleted(partition);
            } catch (IOException e) {
                throw directory.fail("deleting the log of " + partition, e);
            }
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
    public void saveTopicConfigs(Uuid topicId, Map<String, String> configs) {
        savedConfigs.put(topicId, Map.copyOf(configs));
        for (SegmentedLog log : logs.values()) {
            if (log.topicId().equals(topicId) && log.directory().online()) {
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
        long nowMs = clock.millis();
        forEachOnline(directory, "Retention", log -> {
            log.rollIfDue(nowMs);
            log.enforceRetention(nowMs, log.firstUnstableOffset());
            log.expireProducers(nowMs);
        });
        ((FileLogDirectory) directory).trash().empty(nowMs);
    }

    @Override
    public void flushDirty(LogDirectory directory) {
        long nowMs = clock.millis();
        forEachOnline(directory, "A flush", log -> {
            if (log.flushes().due(nowMs)) {
                log.flush();
            }
        });
    }

    /** One that fails, or is being deleted, must not keep the others from what they need. */
    private void forEachOnline(LogDirectory directory, String what, Consumer<SegmentedLog> task) {
        for (SegmentedLog log : online(directory)) {
            try {
                task.accept(log);
            } catch (RuntimeException e) {
                if (log.isOpen()) {
                    LOG.log(System.Logger.Level.ERROR, what + " of " + log.topicPartition() + " failed", e);
                } else if (!directory.online()) {
                    return; // which has been said
                }
            }
        }
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
        LogCleaner cleaner = ((FileLogDirectory) directory).cleaner();
        if (cleaner == null) {
            return false;
        }
        try {
            return cleaner.cleanOnce(online(directory).stream().map(LogCompaction::new).toList());
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "Compaction in " + directory.path() + " failed; it is tried again", e);
            return false;
        }
    }

    private List<SegmentedLog> online(LogDirectory directory) {
        return directory.online() ? logs.values().stream().filter(l -> l.directory() == directory).toList() : List.of();
    }

    @Override
    public void close() {
        for (FileLogDirectory directory : directories) {
            directory.groupCommit().close();
            if (directory.online()) {
                close(directory);
            }
        }
        logs.values().forEach(SegmentedLog::closeFiles);
        releaseLocks();
    }

    private void close(FileLogDirectory directory) {
        try {
            for (SegmentedLog log : online(directory)) {
                log.close();
            }
            directory.checkpoints().write();
            if (!directory.holdsDamage()) {
                disk.replace(directory.path().resolve(LogNames.CLEAN_SHUTDOWN),
                        "{\"version\":0,\"brokerEpoch\":-1}".getBytes(StandardCharsets.UTF_8), true);
            }
        } catch (IOException | KafkaStorageException e) {
            directory.fail("its closing", e);
        }
    }

    private void releaseLocks() {
        for (Closeable lock : locks) {
            try {
                lock.close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "Releasing the lock of a log directory failed", e);
            }
        }
        locks.clear();
    }
}
