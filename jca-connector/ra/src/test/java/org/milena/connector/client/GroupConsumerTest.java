package org.milena.connector.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordHeader;

/** A member of consumer groups against a real broker. */
@Timeout(120)
class GroupConsumerTest {

    @TempDir
    static Path dir;

    private static EmbeddedBroker broker;

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of("group.consumer.min.session.timeout.ms", "500",
                "group.consumer.session.timeout.ms", "1500", "group.consumer.min.heartbeat.interval.ms", "50",
                "group.consumer.heartbeat.interval.ms", "100", "auto.create.topics.enable", "false"));
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private static void topic(String name, int partitions) throws Exception {
        try (Admin admin = Admin.create(broker.properties())) {
            admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all().get();
        }
    }

    private static Member member(Way way, String group, String... topics) {
        return new Member(broker, way, ConsumerConfig.of(group, List.of(topics)));
    }

    private static ConsumerConfig with(String group, String instance, List<String> topics, String pattern, String reset) {
        return new ConsumerConfig(group, null, instance, null, topics, pattern, OffsetReset.parse(reset), 300_000, 1, 500, 1 << 20, 1 << 20);
    }

    private static void send(OutboundRecord... records) throws Exception {
        try (Cluster cluster = new Cluster(Way.IN_VM.to(broker), ClientConfig.DEFAULT)) {
            new Producer(cluster).send(List.of(records));
        }
    }

    private static void send(String topic, int partition, int from, int to) throws Exception {
        send(IntStream.range(from, to).mapToObj(i -> OutboundRecord.to(topic).partition(partition).value("v" + i)).toArray(OutboundRecord[]::new));
    }

    private static List<String> values(List<ConsumedRecord> records) {
        return records.stream().map(r -> new String(r.value(), StandardCharsets.UTF_8)).toList();
    }

    private static List<String> expected(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "v" + i).toList();
    }

    @ParameterizedTest
    @EnumSource
    void everythingOfARecordArrives(Way way) throws Exception {
        String topic = "all-" + way;
        topic(topic, 1);
        send(OutboundRecord.to(topic).key("k").value("v").timestamp(4711).header("a", "1").header("a", (byte[]) null), OutboundRecord.to(topic));
        try (Member member = member(way, "g-" + topic, topic)) {
            List<ConsumedRecord> records = member.take(topic + "-0", 2);
            ConsumedRecord first = records.get(0);
            assertThat(first.topic()).isEqualTo(topic);
            assertThat(first.offset()).isZero();
            assertThat(first.timestamp()).isEqualTo(4711);
            assertThat(first.key()).isEqualTo("k".getBytes(StandardCharsets.UTF_8));
            assertThat(first.value()).isEqualTo("v".getBytes(StandardCharsets.UTF_8));
            assertThat(first.headers()).extracting(RecordHeader::key).containsExactly("a", "a");
            assertThat(first.headers().get(1).value()).isNull();
            assertThat(records.get(1).key()).isNull();
            assertThat(records.get(1).value()).isNull();
            assertThat(records.get(1).headers()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theGroupGoesOnWhereItHasCommitted(Way way) throws Exception {
        String topic = "goes-on-" + way;
        topic(topic, 1);
        send(topic, 0, 0, 10);
        try (Member member = member(way, "g-" + topic, topic)) {
            assertThat(member.feed(topic + "-0").start()).isEqualTo(GroupOffset.at(0));
            member.take(topic + "-0", 10);
            member.feed(topic + "-0").commit(new GroupOffset(4, -1, "note"), 5_000);
        }
        try (Member member = member(way, "g-" + topic, topic)) {
            assertThat(member.feed(topic + "-0").start()).isEqualTo(new GroupOffset(4, -1, "note"));
            assertThat(values(member.take(topic + "-0", 6))).isEqualTo(expected(4, 10));
            assertThat(member.feed(topic + "-0").committed(5_000).offset()).isEqualTo(4);
        }
    }

    /** The group would wait a minute for the killed one. */
    @ParameterizedTest
    @ValueSource(strings = {"", "instance"})
    void aMemberOfAServerThatWasKilledMakesWayForItsSuccessor(String instance) throws Exception {
        String topic = "killed" + instance;
        topic(topic, 4);
        try (Admin admin = Admin.create(broker.properties())) {
            admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.GROUP, "g-" + topic), List.of(new AlterConfigOp(
                    new ConfigEntry("consumer.session.timeout.ms", "60000"), AlterConfigOp.OpType.SET)))).all().get();
        }
        ServerProcess first = new ServerProcess("s", "1");
        Member killed = new Member(broker, Way.SOCKET, of(first, instance, topic));
        try (Member sibling = new Member(broker, Way.SOCKET, of(first, instance.isEmpty() ? "" : "sibling", topic));
                Member neighbour = new Member(broker, Way.IN_VM, of(new ServerProcess("s2", "1"), instance.isEmpty() ? "" : "neighbour", topic))) {
            Member.await(() -> killed.feeds.size() + sibling.feeds.size() + neighbour.feeds.size() == 4 && !neighbour.feeds.isEmpty());
            killed.vanish();
            sibling.vanish();
            try (Member successor = new Member(broker, Way.SOCKET, of(new ServerProcess("s", "2"), instance, topic));
                    Member brother = new Member(broker, Way.SOCKET, of(new ServerProcess("s", "2"), instance.isEmpty() ? "" : "sibling", topic))) {
                Member.await(() -> !successor.feeds.isEmpty() && !brother.feeds.isEmpty()
                        && successor.feeds.size() + brother.feeds.size() + neighbour.feeds.size() == 4);
                assertThat(neighbour.lost).as("nobody signs off another server's").isEmpty();
            }
        }
    }

    private static ConsumerConfig of(ServerProcess process, String instance, String topic) {
        ConsumerConfig some = ConsumerConfig.of("g-" + topic, List.of(topic));
        return new ConsumerConfig(some.groupId(), process, instance.isEmpty() ? null : instance, null, some.topics(), null, some.reset(), 300_000, 1, 500, 1 << 20, 1 << 20);
    }

    @Test
    void aRewoundPartitionIsReadAgain() throws Exception {
        topic("rewound", 1);
        send("rewound", 0, 0, 100);
        try (Member member = member(Way.SOCKET, "g-rewound", "rewound")) {
            assertThat(values(member.take("rewound-0", 60))).isEqualTo(expected(0, 60));
            member.feed("rewound-0").rewind(30);
            assertThat(values(member.take("rewound-0", 70))).isEqualTo(expected(30, 100));
            send("rewound", 0, 100, 110);
            assertThat(values(member.take("rewound-0", 10))).isEqualTo(expected(100, 110));
        }
    }

    @Test
    void noMoreIsFetchedThanTwoAnswersHold() throws Exception {
        topic("full", 1);
        for (int i = 0; i < 40; i++) {
            send(OutboundRecord.to("full").value(new byte[500]));
        }
        ConsumerConfig small = new ConsumerConfig("g-full", null, null, null, List.of("full"), null, OffsetReset.parse("earliest"), 300_000, 1, 500, 2_000, 2_000);
        Member member = new Member(broker, Way.SOCKET, small);
        PartitionFeed feed = member.feed("full-0");
        Member.await(() -> feed.wanted() < 0);
        member.close();
        assertThat(feed.take(100)).hasSizeBetween(2, 8);
    }

    @ParameterizedTest
    @EnumSource
    void ofTwoMembersEachHasItsPartitionsAndOneThatLeavesLeavesThemToTheOther(Way way) throws Exception {
        String topic = "shared-" + way;
        topic(topic, 4);
        try (Member first = member(way, "g-" + topic, topic)) {
            first.awaitPartitions(4);
            try (Member second = member(way, "g-" + topic, topic)) {
                TreeSet<String> together = new TreeSet<>(second.awaitPartitions(2));
                together.addAll(first.awaitPartitions(2));
                assertThat(together).hasSize(4);
            }
            first.awaitPartitions(4);
            assertThat(first.lost).isEmpty();
        }
    }

    @Test
    void aRevokedPartitionGoesToTheOtherMemberOnlyWhenItIsReleased() throws Exception {
        topic("kept", 2);
        send("kept", 0, 0, 5);
        send("kept", 1, 0, 5);
        try (Member first = member(Way.SOCKET, "g-kept", "kept")) {
            first.keepRevoked = true;
            first.awaitPartitions(2);
            try (Member second = member(Way.SOCKET, "g-kept", "kept")) {
                Member.await(() -> first.feeds.values().stream().anyMatch(PartitionFeed::isRevoked));
                PartitionFeed revoked = first.feeds.values().stream().filter(PartitionFeed::isRevoked).findFirst().orElseThrow();
                assertThat(second.feeds).isEmpty();
                revoked.commit(new GroupOffset(3, -1, ""), 5_000);
                revoked.release();
                assertThat(second.feed(revoked.toString()).start().offset()).isEqualTo(3);
            }
        }
    }

    @Test
    void aMemberThatWasSilentForTooLongIsExpelledItsCommitsAreRefusedAndItJoinsAgain() throws Exception {
        topic("silent", 1);
        send("silent", 0, 0, 5);
        try (Member sleeper = member(Way.SOCKET, "g-silent", "silent")) {
            PartitionFeed before = sleeper.feed("silent-0");
            sleeper.silent = true;
            try (Member other = member(Way.SOCKET, "g-silent", "silent")) {
                other.feed("silent-0").commit(GroupOffset.at(2), 5_000);
                assertThatThrownBy(() -> before.commit(GroupOffset.at(5), 5_000))
                        .isInstanceOfSatisfying(ClientException.class, e -> assertThat(e.error()).isEqualTo(Errors.UNKNOWN_MEMBER_ID))
                        .hasMessageStartingWith("Committing offset 5 of group g-silent for silent-0: ");
                sleeper.silent = false;
                Member.await(() -> sleeper.lost.contains(before));
            }
            Member.await(() -> sleeper.feeds.containsKey("silent-0"));
            assertThat(sleeper.feed("silent-0").start().offset()).isEqualTo(2);
            assertThat(before.isLost()).isTrue();
            assertThatThrownBy(() -> before.commit(GroupOffset.at(5), 5_000)).hasMessage("silent-0 was taken away from this member of group g-silent");
        }
    }

    @Test
    void aStaticMemberThatComesBackHasItsPartitionsAgain() throws Exception {
        topic("static", 2);
        ConsumerConfig one = with("g-static", "one", List.of("static"), null, "earliest");
        try (Member other = new Member(broker, Way.SOCKET, with("g-static", "two", List.of("static"), null, "earliest"))) {
            List<String> before;
            try (Member member = new Member(broker, Way.SOCKET, one)) {
                Member.await(() -> member.feeds.size() == 1 && other.feeds.size() == 1);
                before = List.copyOf(member.feeds.keySet());
            }
            try (Member again = new Member(broker, Way.SOCKET, one)) {
                assertThat(again.awaitPartitions(1)).isEqualTo(new TreeSet<>(before));
            }
            assertThat(other.lost).isEmpty();
        }
    }

    @Test
    void topicsAreFoundByAPatternAlsoThoseThatComeLater() throws Exception {
        topic("fruit-apple", 1);
        topic("vegetable", 1);
        try (Member member = new Member(broker, Way.SOCKET, with("g-fruit", null, List.of(), "fruit-.*", "earliest"))) {
            assertThat(member.awaitPartitions(1)).containsExactly("fruit-apple-0");
            topic("fruit-pear", 2);
            assertThat(member.awaitPartitions(3)).contains("fruit-pear-0", "fruit-pear-1");
        }
    }

    @Test
    void withoutAnOffsetTheGroupBeginsWhereItIsTold() throws Exception {
        topic("reset", 1);
        long hourAgo = System.currentTimeMillis() - Duration.ofHours(1).toMillis();
        send(OutboundRecord.to("reset").value("v0").timestamp(hourAgo * 2 - System.currentTimeMillis()), OutboundRecord.to("reset").value("v1").timestamp(hourAgo + 60_000),
                OutboundRecord.to("reset").value("v2"));
        Map<String, Long> begins = Map.of("earliest", 0L, "latest", 3L, "by_duration:PT1H", 1L, "by_duration:PT0S", 3L);
        for (Map.Entry<String, Long> begin : begins.entrySet()) {
            try (Member member = new Member(broker, Way.SOCKET, with("g-reset-" + begin.getValue() + begin.getKey().length(), null, List.of("reset"), null, begin.getKey()))) {
                assertThat(member.feed("reset-0").start()).as(begin.getKey()).isEqualTo(GroupOffset.at(begin.getValue()));
            }
        }
        assertThatThrownBy(() -> OffsetReset.parse("first")).hasMessage(
                "must be earliest, latest, none, or by_duration: and an ISO 8601 duration like PT24H, not \"first\"");
    }

    @Test
    void withoutAnOffsetAndWithNothingToResetToItWaitsUntilAnOperatorSetsOne() throws Exception {
        topic("none", 1);
        send("none", 0, 0, 5);
        try (Member member = new Member(broker, Way.SOCKET, with("g-none", null, List.of("none"), null, "none"))) {
            Member.await(member.consumer::isMember);
            assertThat(member.feeds).isEmpty();
        }
        try (Admin admin = Admin.create(broker.properties())) {
            admin.alterConsumerGroupOffsets("g-none", Map.of(new TopicPartition("none", 0), new OffsetAndMetadata(3))).all().get();
        }
        try (Member member = new Member(broker, Way.SOCKET, with("g-none", null, List.of("none"), null, "none"))) {
            assertThat(values(member.take("none-0", 2))).isEqualTo(expected(3, 5));
        }
    }

    @Test
    void whatIsGoneIsSkippedByTheResetPolicy() throws Exception {
        topic("gone", 1);
        send("gone", 0, 0, 10);
        try (Admin admin = Admin.create(broker.properties())) {
            admin.deleteRecords(Map.of(new TopicPartition("gone", 0), org.apache.kafka.clients.admin.RecordsToDelete.beforeOffset(6))).all().get();
            admin.alterConsumerGroupOffsets("g-gone", Map.of(new TopicPartition("gone", 0), new OffsetAndMetadata(2))).all().get();
        }
        try (Member member = member(Way.SOCKET, "g-gone", "gone")) {
            assertThat(values(member.take("gone-0", 4))).isEqualTo(expected(6, 10));
        }
    }
}
