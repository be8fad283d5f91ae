package org.milena.connector.client;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.protocol.Errors;

/** Names and leaders of the topics that are consumed, by id: what is asked for by name would come into being again. Used by one thread. */
final class ConsumedTopics {

    private final Cluster cluster;
    private final Map<Uuid, Topic> known = new HashMap<>();
    private final Map<Uuid, String> errors = new HashMap<>();
    private final Set<Uuid> stale = new HashSet<>();
    private int fruitless;
    private long notBefore = System.nanoTime();

    ConsumedTopics(Cluster cluster) {
        this.cluster = cluster;
    }

    /** As last described, perhaps some time ago; null when the broker knows none, see {@link #error}. */
    Topic topic(Uuid id) {
        return known.get(id);
    }

    /** Why it is not known. */
    String error(Uuid id) {
        return errors.getOrDefault(id, "not asked for yet");
    }

    /** What is known of it was wrong: to be asked again. */
    void forget(Uuid id) {
        stale.add(id);
    }

    /**
     * Asks for what is missing of these, was forgotten, or is older than {@code metadata.max.age.ms}, though not all the time; nothing else is kept.
     *
     * @throws ClientException no answer
     */
    void refresh(Set<Uuid> wanted, Deadline deadline) throws ClientException {
        known.keySet().retainAll(wanted);
        stale.retainAll(wanted);
        long oldest = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(cluster.config().metadataMaxAgeMs());
        Set<Uuid> missing = wanted.stream()
                .filter(id -> !known.containsKey(id) || stale.contains(id) || known.get(id).loadedNanos() - oldest < 0).collect(Collectors.toSet());
        if (missing.isEmpty() || notBefore - System.nanoTime() > 0) {
            return;
        }
        notBefore = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(cluster.config().backoff(fruitless++));
        MetadataRequestData request = new MetadataRequestData().setAllowAutoTopicCreation(false);
        request.setTopics(missing.stream().map(id -> new MetadataRequestTopic().setTopicId(id).setName(null)).toList());
        errors.clear();
        for (MetadataResponseTopic topic : cluster.metadata(request, deadline).topics()) {
            Errors error = Errors.forCode(topic.errorCode());
            if (error == Errors.NONE) {
                known.put(topic.topicId(), Topic.of(topic));
                stale.remove(topic.topicId());
            } else {
                errors.put(topic.topicId(), error.message());
            }
        }
        fruitless = errors.isEmpty() ? 0 : fruitless;
    }
}
