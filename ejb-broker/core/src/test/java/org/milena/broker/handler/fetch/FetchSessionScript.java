package org.milena.broker.handler.fetch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.serialization.StringSerializer;
import org.milena.broker.network.WireClient;

/**
 * Lives through a fetch session request by request and writes down what is answered, as lines that can be compared between brokers:
 * {@code main PORT DIRECTORY} writes down the answers of any broker, an Apache Kafka for instance.
 */
final class FetchSessionScript implements AutoCloseable {

    private static final String TOPIC = "sessions";

    private final short version;
    private final WireClient client;
    private final Admin admin;
    private final KafkaProducer<String, String> producer;
    private final List<String> lines = new ArrayList<>();
    private int session;
    private int epoch;

    FetchSessionScript(int port, int version) throws IOException {
        this.version = (short) version;
        client = new WireClient(port);
        Map<String, Object> config = Map.of("bootstrap.servers", "127.0.0.1:" + port);
        admin = Admin.create(config);
        producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    public static void main(String[] args) throws Exception {
        for (int version : new int[] {12, 17}) {
            try (FetchSessionScript script = new FetchSessionScript(Integer.parseInt(args[0]), version)) {
                Files.write(Path.of(args[1], "fetch-session-v" + version + ".txt"), script.run());
            }
        }
    }

    List<String> run() throws Exception {
        Uuid first = create(3);
        send(0);
        fetch("the first, full", 0, first, Map.of(0, 0L, 1, 0L, 2, 0L), List.of());
        fetch("nothing new, the same offset", ++epoch, first, Map.of(), List.of());
        fetch("the next offset", ++epoch, first, Map.of(0, 1L), List.of());
        fetch("a wrong epoch", epoch + 5, first, Map.of(), List.of());
        fetch("the session goes on", ++epoch, first, Map.of(), List.of());
        fetch("the same epoch again", epoch, first, Map.of(), List.of());
        int known = session;
        session = known + 1;
        fetch("an unknown session", epoch + 1, first, Map.of(), List.of());
        session = known;
        send(1);
        send(2);
        fetch("partition 2 is forgotten", ++epoch, first, Map.of(), List.of(2));
        errorsThatHeal(first);
        deletion(first);
        ends();
        return lines;
    }

    private void errorsThatHeal(Uuid id) throws Exception {
        fetch("out of range", ++epoch, id, Map.of(1, 99L), List.of());
        fetch("still out of range", ++epoch, id, Map.of(), List.of());
        fetch("healed", ++epoch, id, Map.of(1, 1L), List.of());
        fetch("quiet", ++epoch, id, Map.of(), List.of());
        fetch("an unknown partition", ++epoch, id, Map.of(3, 0L), List.of());
        fetch("still unknown", ++epoch, id, Map.of(), List.of());
        admin.createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(4))).all().get(30, TimeUnit.SECONDS);
        awaitOutside(id, 3, Errors.NONE);
        fetch("it exists now", ++epoch, id, Map.of(), List.of());
        fetch("quiet", ++epoch, id, Map.of(), List.of(3));
    }

    private void deletion(Uuid first) throws Exception {
        admin.deleteTopics(List.of(TOPIC)).all().get(30, TimeUnit.SECONDS);
        awaitOutside(first, 0, version >= 13 ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION);
        fetch("the topic is deleted", ++epoch, first, Map.of(), List.of());
        Uuid second = create(3);
        awaitOutside(second, 0, Errors.NONE);
        fetch("and created again", ++epoch, first, Map.of(), List.of());
        send(0);
        fetch("the old one is forgotten, the new one added", ++epoch, first, version >= 13 ? List.of(0, 1) : List.of(), second,
                Map.of(0, 0L, 1, 0L));
        fetch("the next offset", ++epoch, second, Map.of(0, 1L), List.of());
        fetch("all forgotten", ++epoch, second, Map.of(), List.of(0, 1));
        fetch("one again", ++epoch, second, Map.of(0, 0L), List.of());
    }

    private void ends() throws Exception {
        Uuid id = id();
        int old = session;
        epoch = 0;
        fetch("full again, with the old session's id", 0, id, Map.of(0, 1L), List.of());
        lines.add("  a new session: " + (session != old));
        int next = session;
        session = old;
        fetch("the old session", 1, id, Map.of(), List.of());
        session = next;
        fetch("the last", -1, id, Map.of(0, 1L), List.of());
        session = next;
        fetch("after the last", 1, id, Map.of(), List.of());
        admin.deleteTopics(List.of(TOPIC)).all().get(30, TimeUnit.SECONDS);
        awaitOutside(id, 0, version >= 13 ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION);
    }

    // ---- requests

    private void fetch(String what, int atEpoch, Uuid id, Map<Integer, Long> offsets, List<Integer> forgotten) throws IOException {
        fetch(what, atEpoch, id, forgotten, id, offsets);
    }

    private void fetch(String what, int atEpoch, Uuid oldId, List<Integer> forgotten, Uuid id, Map<Integer, Long> offsets) throws IOException {
        FetchRequestData request = request(session, atEpoch, id, offsets);
        if (!forgotten.isEmpty()) {
            FetchRequestData.ForgottenTopic topic = new FetchRequestData.ForgottenTopic().setPartitions(forgotten);
            request.setForgottenTopicsData(List.of(version >= 13 ? topic.setTopicId(oldId) : topic.setTopic(TOPIC)));
        }
        FetchResponseData answer = (FetchResponseData) client.call(ApiKeys.FETCH, version, request);
        if (atEpoch == 0) {
            session = answer.sessionId();
        }
        String of = answer.sessionId() == 0 ? "no session" : answer.sessionId() == session ? "session" : "another session";
        lines.add(what + ": " + Errors.forCode(answer.errorCode()) + ", " + of + partitions(answer));
    }

    private static String partitions(FetchResponseData answer) {
        Map<Integer, String> all = new TreeMap<>();
        answer.responses().forEach(topic -> topic.partitions().forEach(p -> all.merge(p.partitionIndex(), Errors.forCode(p.errorCode())
                + " hw " + p.highWatermark() + " start " + p.logStartOffset() + " records " + records(p), (a, b) -> a + " AND " + b)));
        StringBuilder text = new StringBuilder();
        all.forEach((index, line) -> text.append("; ").append(index).append(' ').append(line));
        return text.toString();
    }

    private static int records(FetchResponseData.PartitionData partition) {
        int count = 0;
        for (var ignored : ((MemoryRecords) partition.records()).records()) {
            count++;
        }
        return count;
    }

    private FetchRequestData request(int sessionId, int sessionEpoch, Uuid id, Map<Integer, Long> offsets) {
        FetchRequestData request = new FetchRequestData().setSessionId(sessionId).setSessionEpoch(sessionEpoch).setMaxBytes(1 << 20).setMaxWaitMs(0);
        if (!offsets.isEmpty()) {
            FetchRequestData.FetchTopic topic = version >= 13 ? new FetchRequestData.FetchTopic().setTopicId(id)
                    : new FetchRequestData.FetchTopic().setTopic(TOPIC);
            new TreeMap<>(offsets).forEach((index, offset) -> topic.partitions().add(new FetchRequestData.FetchPartition()
                    .setPartition(index).setFetchOffset(offset).setPartitionMaxBytes(1 << 20)));
            request.topics().add(topic);
        }
        return request;
    }

    /** Waits, with requests without a session, until a change has reached the broker. */
    private void awaitOutside(Uuid id, int index, Errors error) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        short found;
        do {
            FetchResponseData answer = (FetchResponseData) client.call(ApiKeys.FETCH, version, request(0, -1, id, Map.of(index, 0L)));
            found = answer.responses().get(0).partitions().get(0).errorCode();
            if (System.nanoTime() > deadline) {
                throw new AssertionError("Expected " + error + " but it stays " + Errors.forCode(found));
            }
        } while (found != error.code());
    }

    private Uuid create(int partitions) throws Exception {
        admin.createTopics(List.of(new NewTopic(TOPIC, partitions, (short) 1))).all().get(30, TimeUnit.SECONDS);
        Uuid id = id();
        for (int i = 0; i < partitions; i++) {
            awaitOutside(id, i, Errors.NONE);
        }
        return id;
    }

    private Uuid id() throws Exception {
        return admin.describeTopics(List.of(TOPIC)).allTopicNames().get(30, TimeUnit.SECONDS).get(TOPIC).topicId();
    }

    private void send(int partition) throws Exception {
        producer.send(new ProducerRecord<>(TOPIC, partition, null, "v")).get(30, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws IOException {
        producer.close();
        admin.close();
        client.close();
    }
}
