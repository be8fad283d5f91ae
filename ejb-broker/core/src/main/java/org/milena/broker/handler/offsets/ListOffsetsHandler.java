package org.milena.broker.handler.offsets;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsPartitionResponse;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsTopicResponse;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.log.PartitionLog.TimestampedOffset;
import org.milena.broker.network.RequestContext;
import org.milena.broker.replication.Partition;
import org.milena.broker.replication.ReplicaManager;

/**
 * ListOffsets: earliest, latest (last stable offset for read_committed), by timestamp, and the special timestamps -3 (largest
 * timestamp, KIP-734), -4 (earliest local, KIP-405), -5 and -6 (tiered storage, of which there is none here: offset -1).
 */
public final class ListOffsetsHandler implements RequestHandler<ListOffsetsRequestData> {

    private static final short FIRST_WITH_EPOCH = 4;
    private static final Logger LOG = System.getLogger(ListOffsetsHandler.class.getName());

    private static final long LATEST = -1;
    private static final long EARLIEST = -2;
    private static final long MAX_TIMESTAMP = -3;
    private static final long EARLIEST_LOCAL = -4;
    private static final long LATEST_TIERED = -5;
    private static final long EARLIEST_PENDING_UPLOAD = -6;

    /** Special timestamps and the version that brought them; any other negative one means nothing. */
    private static final Map<Long, Short> FIRST_WITH = Map.of(LATEST, (short) 0, EARLIEST, (short) 0, MAX_TIMESTAMP, (short) 7,
            EARLIEST_LOCAL, (short) 8, LATEST_TIERED, (short) 9, EARLIEST_PENDING_UPLOAD, (short) 11);

    private final ReplicaManager replicas;

    public ListOffsetsHandler(ReplicaManager replicas) {
        this.replicas = replicas;
    }

    @Override
    public void handle(RequestContext context, ListOffsetsRequestData request) {
        ListOffsetsResponseData response = new ListOffsetsResponseData();
        AtomicInteger pending = new AtomicInteger(1);
        Runnable done = () -> {
            if (pending.decrementAndGet() == 0) {
                if (context.apiVersion() < FIRST_WITH_EPOCH) {
                    withoutEpochs(response);
                }
                context.reply(response);
            }
        };
        Set<TopicPartition> duplicates = duplicates(request);
        Set<TopicPartition> refused = new HashSet<>();
        for (ListOffsetsTopic topic : request.topics()) {
            ListOffsetsTopicResponse answers = new ListOffsetsTopicResponse().setName(topic.name());
            response.topics().add(answers);
            for (ListOffsetsPartition wanted : topic.partitions()) {
                ListOffsetsPartitionResponse answer = new ListOffsetsPartitionResponse().setPartitionIndex(wanted.partitionIndex());
                TopicPartition tp = new TopicPartition(topic.name(), wanted.partitionIndex());
                if (!duplicates.contains(tp)) {
                    answers.partitions().add(answer);
                    answer(context.apiVersion(), topic.name(), wanted, request.isolationLevel() == 1, answer, pending, done);
                } else if (refused.add(tp)) {
                    answers.partitions().add(answer.setErrorCode(Errors.INVALID_REQUEST.code()));
                }
            }
        }
        done.run();
    }

    /** Older clients (librdkafka 2.0 asks in version 2) have no field for it. */
    private static void withoutEpochs(ListOffsetsResponseData response) {
        response.topics().forEach(topic -> topic.partitions().forEach(p -> p.setLeaderEpoch(-1)));
    }

    private static Set<TopicPartition> duplicates(ListOffsetsRequestData request) {
        Set<TopicPartition> seen = new HashSet<>();
        Set<TopicPartition> twice = new HashSet<>();
        request.topics().forEach(t -> t.partitions().forEach(p -> {
            TopicPartition tp = new TopicPartition(t.name(), p.partitionIndex());
            if (!seen.add(tp)) {
                twice.add(tp);
            }
        }));
        return twice;
    }

    private void answer(short version, String topic, ListOffsetsPartition wanted, boolean readCommitted, ListOffsetsPartitionResponse answer,
                        AtomicInteger pending, Runnable done) {
        if (wanted.timestamp() < 0 && version < FIRST_WITH.getOrDefault(wanted.timestamp(), Short.MAX_VALUE)) {
            answer.setErrorCode(Errors.UNSUPPORTED_VERSION.code());
            return;
        }
        try {
            Partition partition = replicas.partition(topic, wanted.partitionIndex());
            partition.checkLeaderEpoch(wanted.currentLeaderEpoch());
            long timestamp = wanted.timestamp();
            if (timestamp == LATEST) {
                set(answer, -1, readCommitted ? partition.lastStableOffset() : partition.highWatermark(), OptionalInt.of(partition.leaderEpoch()));
            } else if (timestamp == EARLIEST || timestamp == EARLIEST_LOCAL) {
                long start = partition.log().logStartOffset();
                set(answer, -1, start, epochAt(partition, start));
            } else if (timestamp == LATEST_TIERED || timestamp == EARLIEST_PENDING_UPLOAD) {
                set(answer, -1, -1, OptionalInt.empty());
            } else {
                pending.incrementAndGet();
                partition.execute(() -> {
                    search(partition, timestamp, readCommitted, answer);
                    done.run();
                });
            }
        } catch (ApiException e) {
            answer.setErrorCode(Errors.forException(e).code());
        }
    }

    /** The epoch of the record there; of an empty log, that of the next record. */
    private static OptionalInt epochAt(Partition partition, long offset) {
        OptionalInt known = partition.log().epochForOffset(offset);
        return known.isPresent() || offset < partition.log().logEndOffset() ? known : OptionalInt.of(partition.leaderEpoch());
    }

    private static void search(Partition partition, long timestamp, boolean readCommitted, ListOffsetsPartitionResponse answer) {
        try {
            PartitionLog log = partition.log();
            long bound = readCommitted ? partition.lastStableOffset() : partition.highWatermark();
            Optional<TimestampedOffset> found = timestamp == MAX_TIMESTAMP ? log.offsetOfMaxTimestamp(bound) : log.offsetForTimestamp(timestamp, bound);
            found.ifPresent(f -> set(answer, f.timestamp(), f.offset(), f.leaderEpoch() < 0 ? OptionalInt.empty() : OptionalInt.of(f.leaderEpoch())));
        } catch (ApiException e) {
            answer.setErrorCode(Errors.forException(e).code());
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "ListOffsets for " + partition.topicPartition() + " at timestamp " + timestamp + " failed", e);
            answer.setErrorCode(Errors.UNKNOWN_SERVER_ERROR.code());
        }
    }

    private static void set(ListOffsetsPartitionResponse answer, long timestamp, long offset, OptionalInt epoch) {
        answer.setTimestamp(timestamp).setOffset(offset).setLeaderEpoch(epoch.orElse(-1));
    }
}
