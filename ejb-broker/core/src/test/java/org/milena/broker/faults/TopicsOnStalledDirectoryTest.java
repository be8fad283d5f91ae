package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.network.WireClient;
import org.milena.broker.testing.EmbeddedBroker;

/** Topic administration while one of two log directories hangs: only topics that lie there, or are put there, wait. */
class TopicsOnStalledDirectoryTest {

    private static final int SHORT_MS = 300;
    private static final int LONG_MS = 15_000;

    @TempDir
    Path dir;

    private final FaultyDisk disk = new FaultyDisk();
    private EmbeddedBroker broker;
    private Path healthy;
    private Path hung;

    @BeforeEach
    void start() {
        healthy = dir.resolve("a");
        hung = dir.resolve("b");
        broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of("log.dirs", healthy + "," + hung,
                "milena.log.dir.min.free", "0", "offsets.topic.num.partitions", "1"), disk);
    }

    @AfterEach
    void stop() {
        disk.heal(hung);
        broker.close();
    }

    private Errors create(String topic, int timeoutMs) throws Exception {
        CreateTopicsRequestData request = new CreateTopicsRequestData().setTimeoutMs(timeoutMs);
        request.topics().add(new CreatableTopic().setName(topic).setNumPartitions(1).setReplicationFactor((short) 1));
        try (WireClient client = new WireClient(broker.port())) {
            CreateTopicsResponseData answer = (CreateTopicsResponseData) client.call(ApiKeys.CREATE_TOPICS, 7, request);
            return Errors.forCode(answer.topics().find(topic).errorCode());
        }
    }

    private Errors delete(String topic, int timeoutMs) throws Exception {
        DeleteTopicsRequestData request = new DeleteTopicsRequestData().setTimeoutMs(timeoutMs).setTopics(List.of(new DeleteTopicState().setName(topic)));
        try (WireClient client = new WireClient(broker.port())) {
            DeleteTopicsResponseData answer = (DeleteTopicsResponseData) client.call(ApiKeys.DELETE_TOPICS, 6, request);
            return Errors.forCode(answer.responses().find(topic).errorCode());
        }
    }

    private Errors addPartitions(String topic, int count, int timeoutMs) throws Exception {
        CreatePartitionsRequestData request = new CreatePartitionsRequestData().setTimeoutMs(timeoutMs);
        request.topics().add(new CreatePartitionsRequestData.CreatePartitionsTopic().setName(topic).setCount(count).setAssignments(null));
        try (WireClient client = new WireClient(broker.port())) {
            CreatePartitionsResponseData answer = (CreatePartitionsResponseData) client.call(ApiKeys.CREATE_PARTITIONS, 3, request);
            return Errors.forCode(answer.results().get(0).errorCode());
        }
    }

    private Path place(String topic) {
        return broker.broker().replicas().partition(topic, 0).log().directory().path();
    }

    private Set<String> shown() {
        return broker.broker().metadata().image().topicsByName().keySet();
    }

    private void append(String topic) throws Exception {
        try (var producer = Scene.producer(broker.port())) {
            assertThat(Scene.get(Scene.send(producer, new TopicPartition(topic, 0), "v")).offset()).isNotNegative();
        }
    }

    @Test
    void creationGoesOnInTheHealthyDirectoryAndIsFinishedLaterInTheOther() throws Exception {
        disk.stall(hung);
        Map<String, Errors> answers = new LinkedHashMap<>();
        for (int i = 0; i < 6; i++) {
            answers.put("t" + i, create("t" + i, 1000));
        }
        List<String> made = answers.keySet().stream().filter(t -> answers.get(t) == Errors.NONE).toList();
        List<String> waiting = answers.keySet().stream().filter(t -> answers.get(t) == Errors.REQUEST_TIMED_OUT).toList();
        assertThat(answers.values()).containsOnly(Errors.NONE, Errors.REQUEST_TIMED_OUT);
        assertThat(made).hasSize(3).allSatisfy(topic -> assertThat(place(topic)).isEqualTo(healthy));
        assertThat(shown()).containsExactlyInAnyOrderElementsOf(made);
        append(made.get(0));
        assertThat(addPartitions(made.get(0), 2, 1000)).as("the next place in turn is the healthy one").isIn(Errors.NONE, Errors.REQUEST_TIMED_OUT);
        assertThat(create(waiting.get(0), SHORT_MS)).as("asked again meanwhile").isEqualTo(Errors.REQUEST_TIMED_OUT);
        disk.heal(hung);
        Scene.await("what timed out is finished", () -> shown().containsAll(waiting));
        assertThat(waiting).allSatisfy(topic -> assertThat(place(topic)).isEqualTo(hung));
        append(waiting.get(0));
        assertThat(create(waiting.get(0), LONG_MS)).isEqualTo(Errors.TOPIC_ALREADY_EXISTS);
        assertThat(addPartitions(waiting.get(0), 3, LONG_MS)).isEqualTo(Errors.NONE);
    }

    @Test
    void deletionGoesOnInTheHealthyDirectoryAndIsFinishedLaterInTheOther() throws Exception {
        List<String> here = new ArrayList<>();
        List<String> there = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            assertThat(create("t" + i, LONG_MS)).isEqualTo(Errors.NONE);
            (place("t" + i).equals(healthy) ? here : there).add("t" + i);
        }
        Uuid before = broker.broker().metadata().image().topic(there.get(0)).id();
        disk.stall(hung);
        assertThat(delete(there.get(0), SHORT_MS)).isEqualTo(Errors.REQUEST_TIMED_OUT);
        assertThat(shown()).as("gone for clients at once").doesNotContain(there.get(0));
        assertThat(delete(here.get(0), LONG_MS)).isEqualTo(Errors.NONE);
        append(here.get(1));
        assertThat(create(there.get(0), SHORT_MS)).as("the name is free when its files are gone").isEqualTo(Errors.REQUEST_TIMED_OUT);
        disk.heal(hung);
        Scene.await("the old one's files are renamed", () -> disk.list(hung).stream().map(p -> p.getFileName().toString())
                .anyMatch(name -> name.startsWith(there.get(0) + "-0.") && name.endsWith("-delete")));
        Errors again = create(there.get(0), LONG_MS);
        assertThat(again).as("too late, the first time").isIn(Errors.NONE, Errors.TOPIC_ALREADY_EXISTS);
        assertThat(broker.broker().metadata().image().topic(there.get(0)).id()).isNotEqualTo(before);
        append(there.get(0));
    }

    private List<Errors> coordinators(int keyType, String... keys) throws Exception {
        FindCoordinatorRequestData request = new FindCoordinatorRequestData().setKeyType((byte) keyType).setCoordinatorKeys(List.of(keys));
        try (WireClient client = new WireClient(broker.port())) {
            FindCoordinatorResponseData answer = (FindCoordinatorResponseData) client.call(ApiKeys.FIND_COORDINATOR, 6, request);
            return answer.coordinators().stream().map(found -> Errors.forCode(found.errorCode())).toList();
        }
    }

    @Test
    void whoeverLooksForACoordinatorIsToldToAskAgainWhileItsTopicCanNotBeMade() throws Exception {
        disk.stall(hung);
        assertThat(coordinators(1, "tx")).containsExactly(Errors.COORDINATOR_NOT_AVAILABLE);
        assertThat(shown()).doesNotContain("__transaction_state");
        disk.heal(hung);
        Scene.await("the coordinator", () -> coordinators(1, "tx").equals(List.of(Errors.NONE)));
    }

    @Test
    void settingsAreAlteredWhileADirectoryHangs() throws Exception {
        for (int i = 0; i < 2; i++) {
            assertThat(create("t" + i, LONG_MS)).isEqualTo(Errors.NONE);
        }
        disk.stall(hung);
        try (Admin admin = Admin.create(Scene.properties(broker.port()))) {
            for (String topic : List.of("t0", "t1")) {
                ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
                admin.incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(new ConfigEntry("retention.ms", "12345"), AlterConfigOp.OpType.SET))))
                        .all().get(30, TimeUnit.SECONDS);
                assertThat(broker.broker().logs().log(new TopicPartition(topic, 0)).orElseThrow().config().retentionMs()).isEqualTo(12345);
            }
            assertThat(admin.describeLogDirs(List.of(1)).allDescriptions().get(30, TimeUnit.SECONDS).get(1).keySet().stream().map(Path::of)
                    .collect(Collectors.toSet())).containsExactlyInAnyOrder(healthy.toAbsolutePath(), hung.toAbsolutePath());
        }
    }
}
