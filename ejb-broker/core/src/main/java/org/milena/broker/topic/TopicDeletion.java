package org.milena.broker.topic;

import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
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

/** Deletes topics; runs on the serial executor. */
final class TopicDeletion {

    private static final System.Logger LOG = System.getLogger(TopicDeletion.class.getName());

    private final AdminContext context;

    TopicDeletion(AdminContext context) {
        this.context = context;
    }

    /** @param version of the request: before 3 there was no error of its own for disabled deletion */
    DeleteTopicsResponseData delete(DeleteTopicsRequestData request, short version) {
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
        DeleteTopicsResponseData response = new DeleteTopicsResponseData();
        Map<DeletableTopicResult, TopicImage> gone = new IdentityHashMap<>();
        for (DeleteTopicState target : targets) {
            Integer occurrences = named.remove(target.name() != null ? target.name() : target.topicId());
            if (occurrences != null) {
                response.responses().add(deleteRow(target, occurrences, resolved, gone));
            }
        }
        if (!gone.isEmpty()) {
            context.cache().publish(MetadataImages.without(context.image(), gone.values()));
            gone.forEach(this::deleteLogs);
        }
        return response;
    }

    private TopicImage find(DeleteTopicState target) {
        return target.name() != null ? context.image().topic(target.name()) : context.image().topic(target.topicId());
    }

    /**
     * The database first: if it fails nothing has changed. Then clients stop seeing the topics, all at once, then their logs go. A crash
     * before the logs are gone brings a topic back at the next start, as though the (unanswered) deletion had not been asked for.
     */
    private DeletableTopicResult deleteRow(DeleteTopicState target, int occurrences, Map<Uuid, Integer> resolved,
                                           Map<DeletableTopicResult, TopicImage> gone) {
        DeletableTopicResult result = new DeletableTopicResult().setName(target.name()).setTopicId(target.topicId());
        try {
            TopicImage topic = check(target, occurrences, resolved);
            context.store().deleteTopic(topic.id());
            gone.put(result.setName(topic.name()).setTopicId(topic.id()), topic);
        } catch (RuntimeException e) {
            fail(result, e);
        }
        return result;
    }

    private static void fail(DeletableTopicResult result, RuntimeException e) {
        ApiError error = ApiError.fromThrowable(e);
        result.setErrorCode(error.error().code()).setErrorMessage(error.messageWithFallback());
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
        if (resolved.get(topic.id()) > 1) {
            throw new InvalidRequestException("The provided topic name maps to an ID that was already supplied.");
        }
        return topic;
    }

    private void deleteLogs(DeletableTopicResult result, TopicImage topic) {
        try {
            context.partitions().remove(topic, topic.partitions());
        } catch (RuntimeException e) {
            LOG.log(ERROR, "Topic " + topic.name() + " (id " + topic.id() + ") is deleted, but not all of its log directories could be "
                    + "removed: remove them by hand before the next start, or the topic comes back with what is left in them", e);
            fail(result, e);
            return;
        }
        LOG.log(INFO, "Deleted topic {0} with id {1}", topic.name(), topic.id());
    }
}
