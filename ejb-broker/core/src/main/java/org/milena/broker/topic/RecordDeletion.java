package org.milena.broker.topic;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsPartitionResult;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsTopicResult;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.log.PartitionLog;

/** DeleteRecords: moves log starts up, each partition on the threads of its own directory, so that a stalled disk holds up no other. */
final class RecordDeletion {

    private final AdminContext context;

    RecordDeletion(AdminContext context) {
        this.context = context;
    }

    CompletableFuture<DeleteRecordsResponseData> delete(DeleteRecordsRequestData request) {
        DeleteRecordsResponseData response = new DeleteRecordsResponseData();
        List<CompletableFuture<Void>> parts = new ArrayList<>();
        request.topics().forEach(topic -> {
            DeleteRecordsTopicResult results = new DeleteRecordsTopicResult().setName(topic.name());
            response.topics().add(results);
            topic.partitions().forEach(partition -> {
                DeleteRecordsPartitionResult result = new DeleteRecordsPartitionResult().setPartitionIndex(partition.partitionIndex());
                results.partitions().add(result);
                parts.add(delete(new TopicPartition(topic.name(), partition.partitionIndex()), partition.offset())
                        .handle((lowWatermark, error) -> {
                            result.setLowWatermark(error == null ? lowWatermark : -1L)
                                    .setErrorCode(error == null ? Errors.NONE.code() : Errors.forException(TopicChanges.cause(error)).code());
                            return null;
                        }));
            });
        });
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new)).thenApply(done -> response);
    }

    /** The partition's new low watermark. */
    private CompletableFuture<Long> delete(TopicPartition tp, long offset) {
        CompletableFuture<Long> result = new CompletableFuture<>();
        try {
            PartitionLog log = find(tp);
            log.directory().executor().forPartition(tp).execute(() -> {
                try {
                    result.complete(delete(log, tp, offset));
                } catch (Throwable e) {
                    result.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(new KafkaStorageException("The log directory is closing", e));
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
        }
        return result;
    }

    private PartitionLog find(TopicPartition tp) {
        MetadataImage image = context.image();
        TopicImage topic = image.topic(tp.topic());
        if (topic == null || tp.partition() < 0 || tp.partition() >= topic.partitions().size()) {
            throw new UnknownTopicOrPartitionException();
        }
        if (topic.internal()) {
            throw new InvalidTopicException("Cannot delete records of internal topic " + tp.topic());
        }
        PartitionLog log = context.logs().log(tp).orElseThrow(() -> new NotLeaderOrFollowerException("No leader of " + tp + " is here"));
        if (log.config().held()) {
            throw new PolicyViolationException("The settings of topic " + tp.topic() + " are unknown: its records are kept until these are set: "
                    + UnknownSettings.WANTED);
        }
        if (log.config().cleanupCompact() && !log.config().cleanupDelete()) {
            throw new PolicyViolationException("Records of partition can not be deleted due to the configured policy");
        }
        return log;
    }

    private long delete(PartitionLog log, TopicPartition tp, long offset) {
        OptionalLong highWatermark = context.partitions().highWatermark(tp);
        if (highWatermark.isEmpty()) {
            throw new KafkaStorageException("Partition " + tp + " is in an offline log directory");
        }
        // "All there is", but not what an undecided transaction may still need (decision 9).
        long start = offset == -1 ? Math.min(highWatermark.getAsLong(), log.firstUnstableOffset()) : offset;
        if (start < 0 || start > highWatermark.getAsLong()) {
            throw new OffsetOutOfRangeException("The offset " + offset + " for partition " + tp + " is not valid: the high watermark is "
                    + highWatermark.getAsLong());
        }
        if (start > log.logStartOffset()) {
            log.advanceLogStart(start);
        }
        return log.logStartOffset();
    }
}
