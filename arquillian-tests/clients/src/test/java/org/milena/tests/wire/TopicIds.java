package org.milena.tests.wire;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiMessage;

/** The ids that a broker gave its topics: what the newest versions of a request say instead of names. */
final class TopicIds {
    private static final Map<String, TopicIds> BROKERS = new ConcurrentHashMap<>();
    private static final Uuid NO_TOPIC = new Uuid(1, 2);
    private final Map<String, Uuid> ids = new HashMap<>();

    private TopicIds(String bootstrap) {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.listTopics().listings().get(30, TimeUnit.SECONDS).forEach(topic -> ids.put(topic.name(), topic.topicId()));
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** As they were when first asked for: a test prepares its topics before. */
    static TopicIds of(String bootstrap) {
        return BROKERS.computeIfAbsent(bootstrap, TopicIds::new);
    }

    /** A copy of the request in which each named topic has its id too; an unknown topic an unknown id. */
    ApiMessage into(ApiMessage request) {
        ApiMessage copy = (ApiMessage) request.duplicate();
        if (copy instanceof ProduceRequestData produce) {
            // The topics are keyed by what changes here.
            List<ProduceRequestData.TopicProduceData> topics = List.copyOf(produce.topicData());
            produce.setTopicData(new ProduceRequestData.TopicProduceDataCollection());
            topics.forEach(topic -> produce.topicData().add(topic.duplicate().setTopicId(id(topic.topicId(), topic.name()))));
        } else if (copy instanceof FetchRequestData fetch) {
            fetch.topics().forEach(topic -> topic.setTopicId(id(topic.topicId(), topic.topic())));
        } else if (copy instanceof OffsetCommitRequestData commit) {
            commit.topics().forEach(topic -> topic.setTopicId(id(topic.topicId(), topic.name())));
        } else if (copy instanceof OffsetFetchRequestData fetch) {
            fetch.groups().stream().filter(group -> group.topics() != null)
                .forEach(group -> group.topics().forEach(topic -> topic.setTopicId(id(topic.topicId(), topic.name()))));
        }
        return copy;
    }

    private Uuid id(Uuid given, String name) {
        if (!Uuid.ZERO_UUID.equals(given) || name.isEmpty()) return given;
        return ids.getOrDefault(name, NO_TOPIC);
    }
}
