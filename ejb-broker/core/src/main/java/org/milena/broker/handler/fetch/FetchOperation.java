package org.milena.broker.handler.fetch;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InconsistentTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.milena.broker.metrics.TopicMetrics;
import org.milena.broker.network.RequestContext;
import org.milena.broker.replication.Partition;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.time.Timer;

/**
 * A fetch request in work: reads, and when there is too little, waits for the partitions to grow or the time to run out.
 *
 * <p>Threading: runs on the connection's event loop; appenders only signal. Partitions of the loop's own directory are read in
 * place, those of another directory by that directory's threads, which copy. A directory that does not answer in time is left
 * out of the response, so that the others' records are not held up by it.
 */
final class FetchOperation implements Partition.Waiter {

    /** The most that one response carries in copies: they are heap, held for as long as the client takes to read them. */
    static final int MAX_COPIED_BYTES = 1 << 20;
    /** A directory gets at least this long to answer, even if the client wants to wait for less. */
    private static final long LEAST_PATIENCE_MS = 1000;

    private final RequestContext context;
    private final FetchRequestData request;
    private final ReplicaManager replicas;
    private final TopicMetrics metrics;
    private final FetchSession session;
    private final boolean full;
    private final List<FetchPartition> wanted;
    private final Partition[] partitions;
    private final int maxBytes;
    private final PartitionReader reader;
    private final CopyBudget budget;
    private final Runnable retry = this::signal;
    private final AtomicBoolean signalled = new AtomicBoolean();
    private final long deadlineNanos;

    private PartitionResult[] results;
    /** Parts of this round that have no result yet, and one for the round itself while it starts. */
    private int outstanding;
    private boolean waiting;
    private boolean expired;
    private volatile boolean finished;
    private boolean reading;
    private Timer.Task timeout;
    private Timer.Task patience;

    FetchOperation(RequestContext context, FetchRequestData request, ReplicaManager replicas, TopicMetrics metrics,
                   FetchSession session, boolean full, List<FetchPartition> wanted, int maxBytes, CopyBudget budget) {
        this.context = context;
        this.request = request;
        this.replicas = replicas;
        this.metrics = metrics;
        this.session = session;
        this.full = full;
        this.wanted = wanted;
        this.partitions = new Partition[wanted.size()];
        this.maxBytes = maxBytes;
        this.budget = budget;
        this.reader = new PartitionReader(request.isolationLevel() == 1);
        this.deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Math.max(0, request.maxWaitMs()));
    }

    void start() {
        expired = request.maxWaitMs() <= 0;
        attempt();
    }

    @Override
    public void grown(Partition partition) {
        signal();
    }

    private void signal() {
        if (signalled.compareAndSet(false, true)) {
            context.executor().execute(this::attempt);
        }
    }

    /** Reads everything once, then decides. */
    private void attempt() {
        if (finished || reading) {
            return; // a read under way looks at the signal when it ends
        }
        signalled.set(false);
        reading = true;
        results = new PartitionResult[wanted.size()];
        outstanding = 1;
        int remaining = maxBytes;
        int copyable = Math.min(maxBytes, MAX_COPIED_BYTES);
        boolean minOneBatch = true;
        for (int i = 0; i < results.length; i++) {
            FetchPartition want = wanted.get(i);
            Partition partition;
            try {
                partition = find(want);
            } catch (ApiException e) {
                results[i] = PartitionResult.failed(e);
                continue;
            }
            track(i, partition);
            int limit = Math.max(0, Math.min(want.maxBytes(), remaining));
            boolean touchesDisk = reader.touchesDisk(partition, want);
            if (!touchesDisk || partition.inContext() && !partition.log().directory().filesScarce()) {
                results[i] = reader.read(partition, want, limit, minOneBatch);
                remaining -= results[i].bytes();
                minOneBatch &= results[i].bytes() == 0;
            } else if (copyable > 0 || minOneBatch) {
                limit = Math.min(limit, copyable);
                if (partition.inContext() ? copyHere(i, partition, want, limit, minOneBatch) : readElsewhere(i, partition, want, limit, minOneBatch)) {
                    int copied = results[i] != null ? results[i].bytes() : limit;
                    remaining -= copied;
                    copyable -= copied;
                    minOneBatch &= results[i] != null && copied == 0;
                }
            } else {
                results[i] = PartitionReader.nothing(partition); // its turn comes: partitions that had data go to the end of the queue
            }
        }
        partDone();
    }

    /** Remembers the partition, and when this waits, waits for that one: a topic may have been created again under the name. */
    private void track(int i, Partition partition) {
        if (waiting && partitions[i] != partition) {
            partitions[i].removeWaiter(this);
            partition.addWaiter(this);
        }
        partitions[i] = partition;
    }

    /** Where files are scarce an answer holds none of them. False when there is no room for a copy now. */
    private boolean copyHere(int i, Partition partition, FetchPartition want, int limit, boolean minOneBatch) {
        CopyBudget.Share share = budget.take(context, limit, retry);
        results[i] = share == null ? PartitionReader.nothing(partition) : PartitionReader.copied(reader.read(partition, want, limit, minOneBatch), share);
        return share != null;
    }

    /** False when there is no room for a copy now: then there is nothing to read, either. */
    private boolean readElsewhere(int i, Partition partition, FetchPartition want, int limit, boolean minOneBatch) {
        CopyBudget.Share share = budget.take(context, limit, retry);
        if (share == null) {
            results[i] = PartitionReader.nothing(partition);
            return false;
        }
        PartitionResult[] round = results;
        outstanding++;
        partition.executeRead(() -> {
            if (finished) {
                share.release();
                return;
            }
            PartitionResult result = PartitionReader.copied(reader.read(partition, want, limit, minOneBatch), share);
            context.executor().execute(() -> {
                if (!finished && round == results) {
                    results[i] = result;
                    partDone();
                } else {
                    result.release();
                }
            });
        });
        if (patience == null) {
            patience = context.schedule(Math.max(LEAST_PATIENCE_MS, request.maxWaitMs()), this::giveUp);
        }
        return true;
    }

    /** Answers without the directories that have not. */
    private void giveUp() {
        patience = null;
        if (finished || !reading) {
            return;
        }
        for (int i = 0; i < results.length; i++) {
            if (results[i] == null) {
                results[i] = PartitionReader.nothing(partitions[i]);
            }
        }
        reading = false;
        finish();
    }

    private Partition find(FetchPartition want) {
        FetchPartition.Key key = want.key();
        if (context.apiVersion() < FetchHandler.TOPIC_IDS_SINCE) {
            return replicas.partition(key.topic(), key.index());
        }
        try {
            Partition partition = replicas.partition(key.topicId(), key.index());
            want.found(partition.topicPartition().topic());
            return partition;
        } catch (UnknownTopicIdException e) {
            if (want.name() == null) {
                throw e;
            }
            replicas.partition(want.name(), key.index()); // throws when there is none of that name any more
            throw new InconsistentTopicIdException("Topic " + want.name() + " no longer has the id " + key.topicId());
        }
    }

    private void partDone() {
        if (--outstanding == 0) {
            reading = false;
            decide();
        }
    }

    private void decide() {
        if (finished) {
            release();
            return;
        }
        long bytes = 0;
        boolean now = expired || wanted.isEmpty();
        for (PartitionResult result : results) {
            bytes += result.bytes();
            now |= result.failed() || result.diverging() != null;
        }
        if (now || bytes >= request.minBytes()) {
            finish();
            return;
        }
        release();
        if (!waiting) {
            await();
        } else if (signalled.get()) {
            attempt();
        }
    }

    private void await() {
        waiting = true;
        metrics.fetchWaits();
        for (Partition partition : partitions) {
            partition.addWaiter(this);
        }
        long left = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime()) + 1;
        timeout = context.schedule(Math.max(0, left), () -> {
            expired = true;
            attempt();
        });
        context.onClose(this::abandon); // at once, when the connection has closed during the read
        attempt(); // something may have come between the read and the registration
    }

    private void stopWaiting() {
        budget.forget(retry);
        if (patience != null) {
            patience.cancel();
        }
        if (waiting) {
            metrics.fetchWaitEnded();
            timeout.cancel();
            for (Partition partition : partitions) {
                partition.removeWaiter(this);
            }
        }
    }

    private void abandon() {
        if (!finished) {
            finished = true;
            stopWaiting();
            release();
        }
    }

    private void release() {
        for (PartitionResult result : results) {
            if (result != null) {
                result.release();
            }
        }
    }

    private void finish() {
        finished = true;
        stopWaiting();
        FetchResponseData response = new FetchResponseData().setSessionId(session == null ? 0 : session.id());
        FetchResponseData.FetchableTopicResponse topic = null;
        for (int i = 0; i < results.length; i++) {
            FetchPartition want = wanted.get(i);
            PartitionResult result = results[i];
            boolean tell = session == null || session.remember(want, result) | full;
            if (!tell) {
                result.release();
                continue;
            }
            FetchPartition.Key key = want.key();
            if (topic == null || !topic.topicId().equals(key.topicId()) || !topic.topic().equals(key.topic())) {
                topic = new FetchResponseData.FetchableTopicResponse().setTopic(key.topic()).setTopicId(key.topicId());
                response.responses().add(topic);
            }
            topic.partitions().add(result.toResponse(key.index()));
            count(partitions[i], result);
        }
        context.reply(response);
    }

    private void count(Partition partition, PartitionResult result) {
        if (partition != null) {
            if (result.failed()) {
                metrics.fetchFailed(partition.counters(), result.error().code());
            } else {
                metrics.fetched(partition.counters(), result.bytes());
            }
        }
    }
}
