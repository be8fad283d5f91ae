package org.milena.broker.topic;

import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.TopicDeletionDisabledException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DeleteTopicsResponseData.DeletableTopicResult;
import org.apache.kafka.common.requests.ApiError;
import org.milena.broker.cache.MetadataImage.TopicImage;

/** Deletes topics; called on the serial executor. */
final class TopicDeletion {

    private static final System.Logger LOG = System.getLogger(TopicDeletion.class.getName());

    private final AdminContext context;
    private final TopicChanges changes;
    private final TopicLogs logs;

    TopicDeletion(AdminContext context, TopicChanges changes) {
        this.context = context;
        this.changes = changes;
        this.logs = new TopicLogs(context);
    }

    /**
     * @param version of the request: before 3 there was no error of its own for disabled deletion
     * @param inTime  throws when it is too late to begin
     */
    CompletableFuture<DeleteTopicsResponseData> delete(DeleteTopicsRequestData request, short version, Runnable inTime) {
        if (!context.config().get().flag("delete.topic.enable")) {
            throw version < 3 ? new InvalidRequestException("Topic deletion is disabled.")
                    : new TopicDeletionDisabledException("Topic deletion is disabled.");
        }
        List<DeleteTopicState> targets = new ArrayList<>(request.topics());
        request.topicNames().forEach(name -> targets.add(new DeleteTopicState().setName(name)));
        Map<Object, Integer> named = new HashMap<>();
        targets.forEach(target -> named.merge(target.name() != null ? target.name() : target.topicId(), 1, Integer::sum));
        Map<Uuid, Integer> resolved = new HashMap<>();
        targets.forEach(target -> {
            TopicImage topic = find(target);
            if (topic != null) {
                resolved.merge(topic.id(), 1, Integer::sum);
            }
        });
        List<CompletableFuture<DeletableTopicResult>> results = new ArrayList<>();
        for (DeleteTopicState target : targets) {
            Integer occurrences = named.remove(target.name() != null ? target.name() : target.topicId());
            if (occurrences != null) {
                results.add(delete(target, occurrences, resolved, inTime));
            }
        }
        return CompletableFuture.allOf(results.toArray(CompletableFuture[]::new)).thenApply(done -> {
            DeleteTopicsResponseData response = new DeleteTopicsResponseData();
            results.forEach(result -> response.responses().add(result.join()));
            return response;
        });
    }

    private TopicImage find(DeleteTopicState target) {
        return target.name() != null ? context.image().topic(target.name()) : context.image().topic(target.topicId());
    }

    private CompletableFuture<DeletableTopicResult> delete(DeleteTopicState target, int occurrences, Map<Uuid, Integer> resolved, Runnable inTime) {
        DeletableTopicResult result = new DeletableTopicResult().setName(target.name()).setTopicId(target.topicId());
        TopicImage known = find(target);
        String name = target.name() != null ? target.name() : known != null ? known.name() : "";
        return changes.run(name, () -> {
            inTime.run();
            TopicImage topic = check(target, occurrences, resolved);
            return context.deletions().unlessHeld(topic.name(), () -> CompletableFuture.supplyAsync(() -> delete(topic), context.serial())
                    .thenCompose(Function.identity())).thenApply(done -> result.setName(topic.name()).setTopicId(topic.id()));
        }).exceptionally(failure -> {
            ApiError error = ApiError.fromThrowable(TopicChanges.cause(failure));
            return result.setErrorCode(error.error().code()).setErrorMessage(error.messageWithFallback());
        });
    }

    private TopicImage check(DeleteTopicState target, int occurrences, Map<Uuid, Integer> resolved) {
        boolean byId = !target.topicId().equals(Uuid.ZERO_UUID);
        if (target.name() == null && !byId) {
            throw new InvalidRequestException("Neither topic name nor id were specified.");
        }
        if (target.name() != null && byId) {
            throw new InvalidRequestException("You may not specify both topic name and topic id.");
        }
        if (occurrences > 1) {
            throw new InvalidRequestException(byId ? "Duplicate topic id." : "Duplicate topic name.");
        }
        TopicImage topic = find(target);
        if (topic == null) {
            throw byId ? new UnknownTopicIdException("This server does not host this topic ID.") : new UnknownTopicOrPartitionException();
        }
        if (resolved.getOrDefault(topic.id(), 1) > 1) {
            throw new InvalidRequestException("The provided topic name maps to an ID that was already supplied.");
        }
        return topic;
    }

    /**
     * The database first: if it fails nothing has changed. Then clients stop seeing the topic, then its logs go. A crash before the
     * logs are gone brings the topic back at the next start, as though the (unanswered) deletion had not been asked for.
     */
    private CompletableFuture<Void> delete(TopicImage topic) {
        context.store().deleteTopic(topic.id());
        context.cache().publish(MetadataImages.without(context.image(), List.of(topic)));
        return logs.remove(topic, topic.partitions()).whenComplete((done, error) -> {
            if (error != null) {
                LOG.log(ERROR, "Topic " + topic.name() + " (id " + topic.id() + ") is deleted, but not all of its log directories could be "
                        + "removed: remove them by hand before the next start, or the topic comes back with what is left in them",
                        TopicChanges.cause(error));
            } else {
                LOG.log(INFO, "Deleted topic {0} with id {1}", topic.name(), topic.id());
            }
        });
    }
}
