package org.milena.broker;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.CoordinatorLoadInProgressException;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage.BrokerImage;
import org.milena.broker.cluster.ProducerIds;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.CurrentBrokerConfig;
import org.milena.broker.config.Endpoint;
import org.milena.broker.config.LogConfigs;
import org.milena.broker.group.GroupConfig;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.group.OffsetsTopic;
import org.milena.broker.group.consumer.ConsumerGroups;
import org.milena.broker.group.consumer.RegexResolver;
import org.milena.broker.log.DirectoryExecutor;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.log.LogManagerOptions;
import org.milena.broker.log.validate.NativeCodecs;
import org.milena.broker.metrics.MeasuredDisk;
import org.milena.broker.metrics.prometheus.BrokerMetrics;
import org.milena.broker.network.BrokerServer;
import org.milena.broker.network.EventLoops;
import org.milena.broker.network.InVmAccess;
import org.milena.broker.network.NetworkConfig;
import org.milena.broker.replication.CoordinatorPartitions;
import org.milena.broker.replication.PartitionDurability;
import org.milena.broker.replication.PartitionMarkers;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.resource.DescriptorBudget;
import org.milena.broker.resource.DiskSpaceGuard;
import org.milena.broker.resource.FileDescriptors;
import org.milena.broker.time.Timer;
import org.milena.broker.topic.AdminContext;
import org.milena.broker.topic.MetadataImages;
import org.milena.broker.topic.TopicAdministration;
import org.milena.broker.transaction.HangingTransactions;
import org.milena.broker.transaction.TransactionCoordinator;
import org.milena.broker.transaction.TransactionTopic;

/**
 * The broker, put together in stages. Each stage is one singleton bean's start in the server, in this order:
 * {@link #openLogs}, {@link #lead}, {@link #coordinate}, {@link #coordinateTransactions}, {@link #keepHouse}, {@link #listen}. {@link #close} undoes whatever was
 * started, in reverse; it may be called after a stage that failed.
 */
public final class Broker implements AutoCloseable {

    private final BrokerEnvironment environment;
    private final CurrentBrokerConfig config;
    private final Supplier<GroupConfig> groupConfig;
    private final MetadataCache metadata = new MetadataCache(MetadataImages.empty(""));
    private final Pulse pulse;
    private final Deque<AutoCloseable> started = new ArrayDeque<>();

    private BrokerMetrics metrics;
    private DescriptorBudget descriptors;
    private EventLoops loops;
    private FileLogManager logs;
    private DiskSpaceGuard diskSpace;
    private ReplicaManager replicas;
    private TopicAdministration topics;
    private ProducerIds producerIds;
    private GroupCoordinator groups;
    private WatchedPool coordinatorThreads;
    private volatile TransactionCoordinator transactions;
    private HangingTransactions hanging;
    private Housekeeping housekeeping;
    private BrokerServer server;

    public Broker(BrokerEnvironment environment) {
        this.environment = environment;
        this.config = new CurrentBrokerConfig(environment.config());
        this.pulse = new Pulse(environment.clock());
        this.groupConfig = CoordinatorConfig.ofGroups(config);
        metadata.addListener(config);
    }

    /** Opens the log directories and recovers what an unclean stop left. Blocks until every log is open. */
    public void openLogs() {
        NativeCodecs.load();
        BrokerConfig now = config.get();
        metrics = new BrokerMetrics(() -> config.get().intValue("milena.metrics.partitions"));
        descriptors = new DescriptorBudget(FileDescriptors.PROCESS);
        metrics.observe(descriptors);
        loops = new EventLoops(environment.threads(), now.intValue("num.network.threads"));
        started.push(loops);
        loops.controlLoops().forEach(pulse::watch);
        int readers = now.logDirs().size() == 1 ? 0 : 1;
        int perDirectory = Math.max(1 + readers, now.intValue("num.io.threads") / now.logDirs().size());
        ExecutorService recovery = Executors.newFixedThreadPool(now.intValue("num.recovery.threads.per.data.dir") * now.logDirs().size(),
                environment.threads("recovery"));
        try {
            logs = FileLogManager.open(new LogManagerOptions(now.logDirs(), now.nodeId(),
                    new MeasuredDisk(environment.disk(), environment.clock(), metrics), environment.clock(),
                    directory -> loops.newDirectoryLoops(perDirectory, readers), recovery, descriptors.logFiles(),
                    now.intValue("producer.id.expiration.ms"), LogConfigs.of(now, Map.of(), false)));
        } finally {
            recovery.shutdown();
        }
        startFlushers();
        started.push(logs);
        diskSpace = new DiskSpaceGuard(logs.directories(), () -> config.get().longValue("milena.log.dir.min.free"), LogDirectory::usableSpace);
        descriptors.observeLogFiles(() -> logs.directories().stream().mapToInt(LogDirectory::openFiles).sum());
        metrics.observe(diskSpace);
    }

    private void startFlushers() {
        List<Thread> flushers = new ArrayList<>();
        for (Runnable flusher : logs.flushers()) {
            Thread thread = environment.threads("flusher-" + flushers.size()).newThread(flusher);
            flushers.add(thread);
            thread.start();
        }
        started.push(() -> {
            for (Thread flusher : flushers) {
                flusher.join(TimeUnit.SECONDS.toMillis(15));
            }
        });
    }

    /** Reads the metadata, brings it together with the logs, and begins to lead every partition. */
    public void lead() {
        ExecutorService serial = Executors.newSingleThreadExecutor(environment.threads("metadata"));
        started.push(() -> Closing.stop(serial, "metadata"));
        Map<LogDirectory, ExecutorService> disks = new HashMap<>();
        logs.directories().forEach(directory -> disks.put(directory,
                Executors.newSingleThreadExecutor(environment.threads("topics-" + disks.size()))));
        started.push(() -> Closing.stop(disks.values(), "topics"));
        replicas = new ReplicaManager(logs, diskSpace);
        topics = new TopicAdministration(new AdminContext(config, environment.store().get(), metadata, logs, replicas, serial, disks::get,
                (topic, deletion) -> transactions == null ? deletion.get() : transactions.branches().deleteTopic(topic, deletion)),
                environment.clock());
        topics.start(logs.clusterId().orElse(null), advertised(List.of()));
        logs.joinCluster(metadata.image().clusterId());
        // Not behind the changes of topics, which wait for disks: no new producer begins without its id.
        ExecutorService ids = Executors.newSingleThreadExecutor(environment.threads("producer-ids"));
        started.push(() -> Closing.stop(ids, "producer-ids"));
        producerIds = new ProducerIds(environment.store().get(), ids, this::highestProducerId);
        metrics.observe(config.get().nodeId(), replicas, logs, metadata);
        metrics.gauge("kafka_server_replicamanager_partitionswithlatetransactionscount",
                "Partitions held back by a transaction that should have ended: find it with kafka-transactions find-hanging",
                () -> replicas.partitionsWithLateTransactions(environment.clock().millis(), config.get().intValue("transaction.max.timeout.ms")));
    }

    /** No producer id that a log or a transaction knows is given out again (rules 7). */
    private long highestProducerId() {
        return Math.max(logs.maxProducerId(), transactions == null ? -1 : transactions.highestProducerId());
    }

    /** Starts the group coordinator and loads what its partitions hold. */
    public void coordinate() {
        coordinatorThreads = new WatchedPool(config.get().intValue("group.coordinator.threads"), environment.threads("coordinator"), environment.clock());
        pulse.watch("a coordinator thread", coordinatorThreads::longestTaskNanos);
        started.push(() -> Closing.stop(coordinatorThreads, "coordinator"));
        // Not with the coordinators: an expression over very many topics takes its time, a heartbeat has none.
        ExecutorService regexes = Executors.newSingleThreadExecutor(environment.threads("regex"));
        started.push(() -> Closing.stop(regexes, "regex"));
        groups = new GroupCoordinator(groupConfig, metadata::image, new CoordinatorPartitions(replicas, OffsetsTopic.NAME),
                this::promisedProducers, coordinatorThreads, loops.timer(), environment.clock(), ConsumerGroups.factory(new RegexResolver(regexes)));
        started.push(groups::shutdown);
        observe(new CoordinatorElections(config.get().nodeId(), OffsetsTopic.NAME, groups::onElection, groups::onResignation));
        observe(groups::onMetadataChanged);
        GroupSummaries summaries = new GroupSummaries(groups);
        metrics.observe(summaries, replicas);
    }

    /** Those whose transactions may be in doubt, for the group coordinator; its partitions are loaded before there is anybody to say. */
    private CompletableFuture<Set<Long>> promisedProducers() {
        TransactionCoordinator coordinator = transactions;
        return coordinator == null ? CompletableFuture.failedFuture(new CoordinatorLoadInProgressException("The transaction coordinator is not up yet"))
                : coordinator.branches().promisedProducers();
    }

    /** Starts the transaction coordinator, which carries out what was decided before; after the group coordinator, which takes markers. */
    public void coordinateTransactions() {
        PartitionMarkers markers = new PartitionMarkers(replicas, metadata::image, OffsetsTopic.NAME, groups::endTransaction);
        transactions = new TransactionCoordinator(CoordinatorConfig.ofTransactions(config), metadata::image,
                new CoordinatorPartitions(replicas, TransactionTopic.NAME, AppendOrigin.TRANSACTION_STATE), markers,
                new PartitionDurability(replicas, metadata::image, OffsetsTopic.NAME, groups::sealTransaction), producerIds::next, coordinatorThreads, loops.timer(), environment.clock());
        hanging = new HangingTransactions(transactions, markers);
        started.push(transactions::shutdown);
        observe(new CoordinatorElections(config.get().nodeId(), TransactionTopic.NAME, transactions::onElection, transactions::onResignation));
        BranchesInDoubt inDoubt = new BranchesInDoubt(transactions.branches(), environment.clock());
        metrics.gauge("milena_transaction_branches_in_doubt", "XA branches that are prepared and wait for their transaction manager", inDoubt::count);
        metrics.gauge("milena_transaction_oldest_branch_in_doubt_seconds", "For how long the oldest of them has been prepared", inDoubt::oldestSeconds);
    }

    private void observe(MetadataCache.Listener listener) {
        metadata.addListener(listener);
        listener.changed(MetadataImages.empty(""), metadata.image());
    }

    /** Starts what runs in the background: retention, compaction, flushes, checkpoints, watch over disks and descriptors. */
    public void keepHouse() {
        housekeeping = new Housekeeping(environment, config, logs, replicas, topics, diskSpace, descriptors, pulse);
        started.push(housekeeping);
        housekeeping.start();
        housekeeping.everySecond("hanging transactions", hanging::check);
    }

    /**
     * Opens the listeners: from here on clients are served.
     *
     * @throws IOException names the address that can't be bound
     */
    public void listen() throws IOException {
        BrokerConfig now = config.get();
        List<DirectoryExecutor> directories = logs.directories().stream().map(LogDirectory::executor).toList();
        server = new BrokerServer(networkConfig(now), loops, directories, new Apis(this).registry(), metrics, descriptors);
        started.push(server);
        server.start();
        topics.advertise(advertised(server.addresses().stream().map(a -> a.getPort()).toList())).join();
        metrics.gauge("milena_network_direct_memory_bytes", "Direct memory of the listener's buffers", server::directMemory);
    }

    private static NetworkConfig networkConfig(BrokerConfig config) {
        List<NetworkConfig.Endpoint> endpoints = config.listeners().stream()
                .map(e -> new NetworkConfig.Endpoint(e.name(), e.host(), e.port())).toList();
        return new NetworkConfig(endpoints, config.intValue("socket.request.max.bytes"), config.longValue("queued.max.request.bytes"),
                config.intValue("max.connections"), config.intValue("max.connections.per.ip"), config.longValue("connections.max.idle.ms"),
                config.intValue("socket.send.buffer.bytes"), config.intValue("socket.receive.buffer.bytes"),
                config.intValue("socket.listen.backlog.size"), 32);
    }

    /** @param ports those really bound, for listeners that asked for any; empty before there are some */
    private List<BrokerImage> advertised(List<Integer> ports) {
        BrokerConfig now = config.get();
        Endpoint first = now.advertisedListeners().get(0);
        int port = first.port() == 0 && !ports.isEmpty() ? ports.get(0) : first.port();
        return List.of(new BrokerImage(now.nodeId(), first.host(), port, now.text("broker.rack")));
    }

    /** Stops the listener first, the logs last; every thread of ours is gone afterwards. Idempotent. */
    @Override
    public void close() {
        Closing.all(started);
    }

    public BrokerEnvironment environment() {
        return environment;
    }

    public CurrentBrokerConfig config() {
        return config;
    }

    public Supplier<GroupConfig> groupConfig() {
        return groupConfig;
    }

    public MetadataCache metadata() {
        return metadata;
    }

    public BrokerReport report() {
        return new BrokerReport(this, pulse);
    }

    public BrokerMetrics metrics() {
        return metrics;
    }

    public FileLogManager logs() {
        return logs;
    }

    public DiskSpaceGuard diskSpace() {
        return diskSpace;
    }

    public ReplicaManager replicas() {
        return replicas;
    }

    public TopicAdministration topics() {
        return topics;
    }

    public ProducerIds producerIds() {
        return producerIds;
    }

    public GroupCoordinator groups() {
        return groups;
    }

    public TransactionCoordinator transactions() {
        return transactions;
    }

    /** For operators inside the server; the console's way to what {@code milena-transactions} does. */
    public WaitingBranches waitingBranches() {
        return new WaitingBranches(transactions.branches());
    }

    public BrokerServer server() {
        return server;
    }

    /** Ends with the broker: what it has not run by then it does not run. */
    public Timer timer() {
        return loops.timer();
    }

    /** For clients in this VM, while the listener is open. */
    public InVmAccess inVmAccess() {
        return new InVmAccess(server, config.get().nodeId());
    }
}
