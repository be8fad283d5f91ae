package org.milena.tests.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

/**
 * Sends the same request to Apache Kafka and to the broker under test and compares what they decode to, in words:
 * differences that no client can mind (ids, times, ports, a server's wording) are taken out first, by the rules here and
 * nowhere else. Both sides have been given the same topics and groups before.
 */
final class Differential {
    private static final List<UnaryOperator<String>> ALLOWED = List.of(
        rule("(clusterId|nodeId|host|port|controllerId|brokerId|leaderId|leader|rack)=[^,)}\\]]*", "$1=…"),
        // Ids that each side makes up.
        rule("(topicId|TopicId)=(?!AAAAAAAAAAAAAAAAAAAAAA)[^,)]*", "$1=…"),
        rule("(memberId|producerId)='?(?!-1)(?!')[^,)]+", "$1=…"),
        rule("(logAppendTimeMs|timestamp)=\\d{13}", "$1=…"),
        // The number of one's own node, in lists of replicas.
        rule("(replicaNodes|isrNodes|offlineReplicas|eligibleLeaderReplicas|lastKnownElr|replicas)=\\[[\\d, ]*\\]", "$1=[…]"),
        rule("(leaderEpoch|currentLeaderEpoch|committedLeaderEpoch)=\\d+", "$1=…"),
        rule("coordinators=\\[Coordinator\\(key='([^']*)', nodeId=…, host=…, port=…", "coordinators=[Coordinator(key='$1', nodeId=…, host=…, port=…"),
        rule("(errorMessage|batchIndexErrorMessage|message)=(?!null)(?!''|,)('[^']*'|[^,)]*)", "$1=…"),
        // Which directories, how much of the disk.
        rule("(logDir|totalBytes|usableBytes|partitionSize|size)=[^,)]*", "$1=…"),
        rule("(finalizedFeaturesEpoch)=\\d+", "$1=…"));

    private Differential() { }

    private static UnaryOperator<String> rule(String regex, String replacement) {
        Pattern pattern = Pattern.compile(regex);
        return text -> pattern.matcher(text).replaceAll(replacement);
    }

    /** What the broker answers, in comparable words: "closed", or the decoded answer. */
    static String answer(String bootstrap, ApiMessage request, int version) {
        try (RawClient client = new RawClient(bootstrap)) {
            client.write(RawClient.frame(request, version, 1));
            Optional<ByteBuffer> frame = client.readFrame();
            if (frame.isEmpty()) return "closed";
            String text = RawClient.decode(request, version, 1, frame.get()).toString();
            for (UnaryOperator<String> rule : ALLOWED) text = rule.apply(text);
            return text;
        }
    }

    /**
     * The differences over all versions from low to high.
     *
     * @param what the case, for the reader
     */
    static List<String> differences(String what, String kafka, String ours, ApiMessage request, int low, int high) {
        List<String> all = new ArrayList<>();
        for (int version = low; version <= high; version++) {
            String expected;
            try {
                expected = answer(kafka, request, version);
            } catch (org.apache.kafka.common.errors.UnsupportedVersionException e) {
                continue; // the request holds a field that this version does not have
            }
            String actual;
            try {
                actual = answer(ours, request, version);
            } catch (AssertionError | RuntimeException e) {
                actual = e.toString();
            }
            if (!expected.equals(actual)) {
                all.add(ApiKeys.forId(request.apiKey()) + " v" + version + ", " + what + "\n  kafka: " + expected + "\n  ours:  " + actual);
            }
        }
        return all;
    }
}
