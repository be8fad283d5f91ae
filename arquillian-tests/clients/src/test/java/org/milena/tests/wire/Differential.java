package org.milena.tests.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntFunction;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

/**
 * Sends the same request to Apache Kafka and to the broker under test and compares what they answer, field by field.
 * Differences that no client can mind are allowed by the rules here and nowhere else: values that each side makes up, the
 * order of results, a text where Kafka says nothing. Both sides have been given the same topics and groups before.
 */
final class Differential {
    /** Each side's own (a new group's first epoch too: Kafka begins with 2): compared is only whether there is one. */
    private static final Set<String> OWN = Set.of("clusterId", "nodeId", "host", "port", "controllerId", "brokerId", "leaderId", "rack",
        "topicId", "memberId", "leader", "memberEpoch", "groupEpoch", "assignmentEpoch",
        "producerId", "leaderEpoch", "committedLeaderEpoch", "logDir", "totalBytes", "usableBytes", "partitionSize",
        "replicaNodes", "isrNodes", "offlineReplicas", "eligibleLeaderReplicas", "lastKnownElr", "replicas", "errorMessage");
    /** Names of results in lists, whose order is nobody's concern. */
    private static final List<String> IDENTITY = List.of("name", "topic", "topicName", "topicId", "partitionIndex", "partition", "index", "key", "groupId");
    /** Answers that differ on purpose, and why; an entry that hides nothing fails. */
    static final Map<String, String> DELIBERATE = Map.of(
        "DESCRIBE_TOPIC_PARTITIONS: topic ''", "Kafka fails with UNKNOWN_SERVER_ERROR; we say INVALID_TOPIC_EXCEPTION as in Metadata",
        "INCREMENTAL_ALTER_CONFIGS: unknown operation", "Kafka fails with UNKNOWN_SERVER_ERROR; we say INVALID_REQUEST",
        "DESCRIBE_CONFIGS: resource type 16, unknown name", "client metrics can't be configured here, so we don't show configs of them");

    private Differential() { }

    /** What the broker answers; empty when it closes the connection. */
    static Optional<JsonNode> answer(String bootstrap, ApiMessage request, int version) {
        try (RawClient client = new RawClient(bootstrap)) {
            client.write(RawClient.frame(TopicIds.of(bootstrap).into(request), version, 1));
            return client.readFrame().map(frame -> json(RawClient.decode(request, version, 1, frame), version));
        }
    }

    private static JsonNode json(ApiMessage message, int version) {
        try {
            return (JsonNode) Class.forName(message.getClass().getName() + "JsonConverter")
                .getMethod("write", message.getClass(), short.class).invoke(null, message, (short) version);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** The differences over all versions from low to high. */
    static List<String> differences(String kafka, String ours, IntFunction<ApiMessage> requests, int low, int high) {
        List<String> all = new ArrayList<>();
        for (int version = low; version <= high; version++) {
            ApiMessage request = requests.apply(version);
            String at = ApiKeys.forId(request.apiKey()) + " v" + version + ": ";
            try {
                Optional<JsonNode> expected = answer(kafka, request, version);
                Optional<JsonNode> actual = answer(ours, request, version);
                List<String> found = new ArrayList<>();
                if (expected.isPresent() && actual.isPresent()) compare("", expected.get(), actual.get(), found);
                else if (!expected.equals(actual)) found.add("Kafka " + said(expected) + ", ours " + said(actual));
                found.forEach(difference -> all.add(at + difference));
            } catch (UnsupportedVersionException e) {
                continue; // the request holds a field that this version does not have
            } catch (AssertionError | RuntimeException e) {
                all.add(at + e);
            }
        }
        return all;
    }

    private static String said(Optional<JsonNode> answer) {
        return answer.map(JsonNode::toString).orElse("closes the connection");
    }

    private static void compare(String path, JsonNode kafka, JsonNode ours, List<String> found) {
        if (kafka.isArray() && ours.isArray() && kafka.size() == ours.size()) {
            List<JsonNode> mine = ordered(ours);
            List<JsonNode> theirs = ordered(kafka);
            for (int i = 0; i < theirs.size(); i++) compare(path + "[" + i + "]", theirs.get(i), mine.get(i), found);
        } else if (kafka.isObject() && ours.isObject()) {
            Set<String> names = new TreeSet<>();
            kafka.fieldNames().forEachRemaining(names::add);
            ours.fieldNames().forEachRemaining(names::add);
            for (String name : names) {
                if (name.equals("configs")) {
                    compare(path + ".configs", configs(kafka.path(name), ours.path(name)), configs(ours.path(name), ours.path(name)), found);
                } else if (!alike(name, kafka.path(name), ours.path(name), kafka)) {
                    compare(path + "." + name, kafka.path(name), ours.path(name), found);
                }
            }
        } else if (!kafka.equals(ours)) {
            found.add(path + " Kafka " + kafka + ", ours " + ours);
        }
    }

    /**
     * Those that we have too: what would not act here is refused, and so not shown. Kafka's own start sets min.insync.replicas
     * for the cluster (KIP-966), which makes its source another.
     */
    private static JsonNode configs(JsonNode all, JsonNode ours) {
        Set<String> names = new TreeSet<>(ours.findValuesAsText("name"));
        names.remove("min.insync.replicas");
        ArrayNode shown = JsonNodeFactory.instance.arrayNode();
        all.forEach(config -> {
            if (names.contains(config.path("name").asText())) shown.add(config);
        });
        return all.isArray() ? shown : all;
    }

    private static boolean alike(String name, JsonNode kafka, JsonNode ours, JsonNode kafkasParent) {
        // A text that explains more than Kafka does is welcome, and so is none where nothing failed (FindCoordinator says "NONE").
        if (name.equals("errorMessage") && (kafka.asText("").isEmpty() || kafkasParent.path("errorCode").asInt(-1) == 0)) return true;
        if (name.equals("abortedTransactions") && kafka.isEmpty() && ours.isEmpty()) return true; // null or an empty list
        if (isTime(name, kafka) && isTime(name, ours)) return true;
        if (name.equals("batchIndexErrorMessage")) return withoutTimes(kafka).equals(withoutTimes(ours));
        return OWN.contains(name) && isGiven(kafka) == isGiven(ours);
    }

    private static boolean isTime(String name, JsonNode value) {
        return Set.of("timestamp", "logAppendTimeMs").contains(name) && value.asLong() > 1_000_000_000_000L;
    }

    private static String withoutTimes(JsonNode text) {
        return text.asText().replaceAll("-?\\d{12,}", "…");
    }

    private static boolean isGiven(JsonNode value) {
        return !value.isMissingNode() && !Set.of("", "null", "-1", "AAAAAAAAAAAAAAAAAAAAAA").contains(value.asText(""));
    }

    private static List<JsonNode> ordered(JsonNode array) {
        List<JsonNode> elements = new ArrayList<>();
        array.forEach(elements::add);
        elements.sort(Comparator.comparing(element -> {
            StringBuilder identity = new StringBuilder();
            IDENTITY.forEach(name -> identity.append(name.equals("topicId") && isGiven(element.path(name)) ? "given" : element.path(name)).append('/'));
            return identity.toString();
        }));
        return elements;
    }
}
