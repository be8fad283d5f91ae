package org.milena.broker.transaction;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.CoordinatorLoadInProgressException;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.cluster.ProducerIds;
import org.milena.broker.group.SimLog;
import org.milena.broker.group.SimWorld;

/** A coordinator of one partition in a simulated world, and the words to speak with it. Transactional id {@code id}. */
final class TransactionFixture {

    static final String ID = "id";
    static final int TIMEOUT_MS = 60_000;
    static final TopicPartition A = new TopicPartition("a", 0);
    static final TopicPartition B = new TopicPartition("b", 1);
    static final short V0 = 0;
    static final short V2 = 2;

    /** Producer id and epoch, or why there are none. */
    record Producer(Errors error, long id, short epoch) {
        Producer plus(int epochs) {
            return new Producer(error, id, (short) (epoch + epochs));
        }
    }

    final SimWorld world = new SimWorld();
    final SimLog log = new SimLog(world);
    final FakeMarkers markers = new FakeMarkers();
    final FakeDisk durability = new FakeDisk();
    TransactionConfig config = new TransactionConfig(1, 900_000, 604_800_000, 10_000, 3_600_000, 100);
    TransactionCoordinator coordinator;
    MetadataImage image = new MetadataImage(1, "cluster", 1, List.of(), Map.of(), Map.of(), Map.of(), Map.of());
    boolean noProducerIds;
    private int epoch;
    private long lastProducerId = 999;

    TransactionFixture() {
        restart();
    }

    /** A new broker process on the same log. */
    void restart() {
        coordinator = new TransactionCoordinator(() -> config, () -> image, log, markers, durability, this::nextProducerId, world, world, world);
        elect();
        world.run();
    }

    private void nextProducerId(ProducerIds.Callback callback) {
        if (noProducerIds) {
            callback.accept(-1, new CoordinatorLoadInProgressException("the database is away"));
        } else {
            callback.accept(++lastProducerId, null);
        }
    }

    void elect() {
        log.newEpoch(0, ++epoch);
        coordinator.onElection(0, epoch);
    }

    void resign() {
        log.newEpoch(0, ++epoch);
        coordinator.onResignation(0, epoch);
        world.run();
    }

    /** The image shows {@code __transaction_state}, of one partition. */
    void topicExists() {
        TopicImage topic = new TopicImage(new Uuid(7, 7), TransactionTopic.NAME, true,
                List.of(new MetadataImage.PartitionImage(0, 1, epoch, List.of(1), List.of(1))), Map.of(), false);
        image = new MetadataImage(2, "cluster", 1, List.of(), Map.of(topic.name(), topic), Map.of(topic.id(), topic), Map.of(), Map.of());
    }

    int epoch() {
        return epoch;
    }

    // ---- requests

    static InitProducerIdRequestData initRequest(String id, long producerId, int epoch) {
        return new InitProducerIdRequestData().setTransactionalId(id).setTransactionTimeoutMs(TIMEOUT_MS).setProducerId(producerId)
                .setProducerEpoch((short) epoch);
    }

    CompletableFuture<Producer> initLater(InitProducerIdRequestData request) {
        return coordinator.initProducerId(request).thenApply(TransactionFixture::producer);
    }

    private static Producer producer(InitProducerIdResponseData answer) {
        return new Producer(Errors.forCode(answer.errorCode()), answer.producerId(), answer.producerEpoch());
    }

    Producer init(InitProducerIdRequestData request) {
        return world.get(initLater(request));
    }

    Producer init() {
        return init(initRequest(ID, -1, -1));
    }

    /** Comes again as a client does while it is told to. */
    Producer initAfterAbort() {
        Producer first = init();
        world.run();
        return first.error == Errors.CONCURRENT_TRANSACTIONS ? init() : first;
    }

    Errors add(Producer producer, int version, TopicPartition... partitions) {
        return world.get(coordinator.addPartitions(ID, producer.id, producer.epoch, Set.of(partitions), (short) version));
    }

    Map<TopicPartition, Errors> admit(Producer producer, boolean add, TopicPartition... partitions) {
        return world.get(coordinator.admit(ID, producer.id, producer.epoch, Set.of(partitions), add));
    }

    CompletableFuture<Producer> endLater(Producer producer, boolean commit, int version) {
        return coordinator.endTransaction(new EndTxnRequestData().setTransactionalId(ID).setProducerId(producer.id)
                .setProducerEpoch(producer.epoch).setCommitted(commit), (short) version).thenApply(TransactionFixture::producer);
    }

    private static Producer producer(EndTxnResponseData answer) {
        return new Producer(Errors.forCode(answer.errorCode()), answer.producerId(), answer.producerEpoch());
    }

    Producer end(Producer producer, boolean commit, int version) {
        return world.get(endLater(producer, commit, version));
    }

    // ---- branches

    static final String MANAGER = "crm";

    static BranchId xid(int number) {
        return new BranchId(0x20005, new byte[] {(byte) number}, new byte[] {1, 2});
    }

    static BranchRequest branch(Producer producer, int xid) {
        return new BranchRequest(ID, producer.id, producer.epoch, xid(xid), MANAGER);
    }

    XaAnswer prepare(Producer producer, int xid) {
        return world.get(coordinator.branches().prepare(branch(producer, xid), Set.of()));
    }

    XaAnswer prepare(Producer producer, int xid, Set<BranchContent> acknowledged) {
        return world.get(coordinator.branches().prepare(branch(producer, xid), acknowledged));
    }

    XaAnswer decide(Producer producer, int xid, boolean commit) {
        return world.get(coordinator.branches().decide(branch(producer, xid), commit));
    }

    XaAnswer commitOnePhase(Producer producer, int xid) {
        return world.get(coordinator.branches().commitInOnePhase(branch(producer, xid), Set.of()));
    }

    XaAnswer commitOnePhase(Producer producer, int xid, Set<BranchContent> acknowledged) {
        return world.get(coordinator.branches().commitInOnePhase(branch(producer, xid), acknowledged));
    }

    XaAnswer heuristic(Producer producer, int xid, boolean commit) {
        return world.get(coordinator.branches().completeHeuristically(branch(producer, xid), commit));
    }

    XaAnswer forget(Producer producer, int xid) {
        return world.get(coordinator.branches().forget(branch(producer, xid)));
    }

    /** Deletes a topic, or says why not. */
    CompletableFuture<String> deleteTopic(String topic) {
        return coordinator.branches().deleteTopic(topic, () -> CompletableFuture.completedFuture("deleted " + topic))
                .exceptionally(e -> Errors.maybeUnwrapException(e).getMessage());
    }

    List<RecoveredBranch> recover(String resourceManager) {
        return world.get(coordinator.branches().recover(resourceManager));
    }

    /** Puts an id into a state, as if another coordinator had left it so. */
    void given(TransactionMetadata state) {
        TransactionRecord record = new TransactionRecord(ID, state);
        log.write(0, org.apache.kafka.common.record.internal.MemoryRecords.withRecords(org.apache.kafka.common.compress.Compression.NONE,
                new org.apache.kafka.common.record.internal.SimpleRecord(world.millis(), record.encodeKey(), record.encodeValue())));
        restart();
    }

    TransactionMetadata idle(TransactionState state, long producerId, int producerEpoch) {
        return new TransactionMetadata(producerId, producerId, -1, (short) producerEpoch, (short) -1, TIMEOUT_MS, state, Set.of(),
                world.millis(), world.millis(), V2);
    }

    /** Null when the id is not known. */
    TransactionMetadata state() {
        TransactionMetadata[] found = new TransactionMetadata[1];
        coordinator.observe(shard -> found[0] = shard.transaction(ID));
        world.run();
        return found[0];
    }

    TransactionState stateName() {
        return state().state();
    }

    /** What was put on disk, in order; it can fail, and let everybody wait. */
    final class FakeDisk implements TransactionDurability {

        static final String STATE = "state";

        final List<String> flushed = new ArrayList<>();
        final Map<String, RuntimeException> failing = new HashMap<>();
        final Map<TopicPartition, Set<BranchContent>> contents = new HashMap<>();
        private final List<Runnable> waiting = new ArrayList<>();
        boolean stalled;
        Runnable afterData = () -> { };

        @Override
        public CompletableFuture<Set<BranchContent>> secure(TopicPartition partition, long producerId, short producerEpoch) {
            return flush(partition.toString()).thenApply(flushed -> {
                afterData.run();
                return contents.getOrDefault(partition, Set.of());
            });
        }

        @Override
        public CompletableFuture<Void> flushState(int partition) {
            return flush(STATE);
        }

        private CompletableFuture<Void> flush(String what) {
            CompletableFuture<Void> future = new CompletableFuture<>();
            Runnable settle = () -> {
                if (failing.containsKey(what)) {
                    future.completeExceptionally(failing.get(what));
                } else {
                    flushed.add(what);
                    future.complete(null);
                }
            };
            if (stalled) {
                waiting.add(settle);
            } else {
                world.execute(settle);
            }
            return future;
        }

        void resume() {
            stalled = false;
            List.copyOf(waiting).forEach(Runnable::run);
            waiting.clear();
            world.run();
        }
    }

    /** Partitions that remember what they were told, and obey when they like. */
    final class FakeMarkers implements TransactionMarkers {

        record Marker(TopicPartition partition, long producerId, short epoch, int coordinatorEpoch, boolean commit, short version,
                      boolean flushed) {
            /** Of an ordinary transaction. */
            Marker(TopicPartition partition, long producerId, short epoch, int coordinatorEpoch, boolean commit, short version) {
                this(partition, producerId, epoch, coordinatorEpoch, commit, version, false);
            }
        }

        final List<Marker> written = new ArrayList<>();
        final Map<TopicPartition, RuntimeException> failing = new HashMap<>();
        final Map<Marker, CompletableFuture<Void>> waiting = new HashMap<>();
        boolean stalled;
        int attempts;

        @Override
        public CompletableFuture<Void> write(TopicPartition partition, long producerId, short producerEpoch, int coordinatorEpoch,
                                             boolean commit, short transactionVersion, boolean flushed) {
            attempts++;
            Marker marker = new Marker(partition, producerId, producerEpoch, coordinatorEpoch, commit, transactionVersion, flushed);
            CompletableFuture<Void> future = new CompletableFuture<>();
            if (failing.containsKey(partition)) {
                future.completeExceptionally(failing.get(partition));
            } else if (stalled) {
                waiting.put(marker, future);
            } else {
                written.add(marker);
                future.complete(null);
            }
            return future;
        }

        void resume() {
            stalled = false;
            Map<Marker, CompletableFuture<Void>> all = Map.copyOf(waiting);
            waiting.clear();
            all.forEach((marker, future) -> {
                written.add(marker);
                future.complete(null);
            });
            world.run();
        }

        Set<TopicPartition> partitions(boolean commit) {
            return written.stream().filter(m -> m.commit == commit).map(Marker::partition).collect(java.util.stream.Collectors.toSet());
        }
    }
}
