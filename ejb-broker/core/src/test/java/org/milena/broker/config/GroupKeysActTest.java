package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.milena.broker.config.LiveBroker.await;
import static org.milena.broker.config.LiveBroker.get;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.ClassicGroupDescription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.network.WireClient;

/** Keys of groups: those of the broker for both protocols, and a group's own. */
class GroupKeysActTest {

    private static final String[] SHORT_SESSIONS = {"group.consumer.min.session.timeout.ms", "100", "group.consumer.min.heartbeat.interval.ms", "50",
        "group.consumer.heartbeat.interval.ms", "50"};

    @TempDir
    Path dir;

    /** A broker whose group coordinator is ready: for all groups, as they share one partition. */
    private LiveBroker broker(String name, String... settings) throws Exception {
        LiveBroker broker = LiveBroker.start(dir.resolve(name), with(new String[] {"offsets.topic.num.partitions", "1"}, settings));
        FindCoordinatorRequestData request = new FindCoordinatorRequestData().setCoordinatorKeys(List.of("g"));
        await("the coordinator", () -> ((FindCoordinatorResponseData) broker.call(ApiKeys.FIND_COORDINATOR, 4, request)).coordinators().get(0).errorCode() == 0
                && heartbeat(broker, new ConsumerGroupHeartbeatRequestData().setGroupId("g").setMemberId("x").setMemberEpoch(3)).errorCode()
                != Errors.COORDINATOR_LOAD_IN_PROGRESS.code());
        return broker;
    }

    // ---- both protocols

    @Test
    @Proves("group.coordinator.threads")
    void groupsAreWorkedOnBySoManyThreads() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker one = broker("one", "group.coordinator.threads", "1");
                LiveBroker six = broker("six", "group.coordinator.threads", "6")) {
            assertThat(coordinatorThreads(usual, 4)).isEqualTo(4);
            assertThat(coordinatorThreads(one, 1)).isEqualTo(1);
            assertThat(coordinatorThreads(six, 6)).isEqualTo(6);
        }
    }

    /** How many there are when much has been done after so many were seen. */
    private static int coordinatorThreads(LiveBroker broker, int expected) throws Exception {
        await(expected + " threads", () -> {
            entered(broker, Uuid.randomUuid().toString());
            return broker.threads("milena-coordinator").size() >= expected;
        });
        for (int more = 0; more < 20; more++) {
            entered(broker, Uuid.randomUuid().toString());
        }
        return broker.threads("milena-coordinator").size();
    }

    // ---- the classic protocol

    private static JoinGroupRequestData join(int sessionTimeoutMs) {
        JoinGroupRequestData request = new JoinGroupRequestData().setGroupId("g").setSessionTimeoutMs(sessionTimeoutMs).setRebalanceTimeoutMs(600_000)
                .setProtocolType("consumer");
        request.protocols().add(new JoinGroupRequestData.JoinGroupRequestProtocol().setName("range")
                .setMetadata(Utils.toArray(ConsumerProtocol.serializeSubscription(new Subscription(List.of("t"))))));
        return request;
    }

    private static Errors joined(LiveBroker broker, int sessionTimeoutMs) throws IOException {
        return Errors.forCode(((JoinGroupResponseData) broker.call(ApiKeys.JOIN_GROUP, 3, join(sessionTimeoutMs))).errorCode());
    }

    private static ClassicGroupDescription described(LiveBroker broker) throws Exception {
        return get(broker.admin().describeClassicGroups(List.of("g")).all()).get("g");
    }

    @Test
    @Proves({"group.min.session.timeout.ms", "group.max.session.timeout.ms"})
    void aClassicMembersSessionIsWithinLimits() throws Exception {
        try (LiveBroker usual = broker("usual");
                LiveBroker wide = broker("wide", "group.min.session.timeout.ms", "500", "group.max.session.timeout.ms", "3000000")) {
            assertThat(joined(usual, 1000)).isEqualTo(Errors.INVALID_SESSION_TIMEOUT);
            assertThat(joined(usual, 2_000_000)).isEqualTo(Errors.INVALID_SESSION_TIMEOUT);
            assertThat(joined(wide, 1000)).isEqualTo(Errors.NONE);
        }
        try (LiveBroker wide = broker("wider", "group.max.session.timeout.ms", "3000000")) {
            assertThat(joined(wide, 2_000_000)).isEqualTo(Errors.NONE);
        }
    }

    @Test
    @Proves("group.initial.rebalance.delay.ms")
    void theFirstRebalanceWaitsForMoreMembers() throws Exception {
        try (LiveBroker waits = broker("waits", "group.initial.rebalance.delay.ms", "500000"); LiveBroker hurries = broker("hurries");
                WireClient member = new WireClient(waits.embedded().port())) {
            member.send(WireClient.frame(ApiKeys.JOIN_GROUP, 3, 1, join(30_000)));
            await("the member", () -> state(waits).equals("PreparingRebalance"));
            assertThat(joined(hurries, 30_000)).isEqualTo(Errors.NONE);
            assertThat(state(waits)).isEqualTo("PreparingRebalance");
        }
    }

    /** As the list of groups says it; a group that nobody knows has none. */
    private static String state(LiveBroker broker) throws Exception {
        return get(broker.admin().listGroups().all()).stream().filter(group -> group.groupId().equals("g"))
                .findFirst().flatMap(group -> group.groupState()).map(Object::toString).orElse("none");
    }

    @Test
    @Proves("group.max.size")
    void aClassicGroupHasSoManyMembers() throws Exception {
        try (LiveBroker any = broker("any"); LiveBroker one = broker("one", "group.max.size", "1");
                WireClient second = new WireClient(any.embedded().port())) {
            assertThat(joined(one, 30_000)).isEqualTo(Errors.NONE);
            assertThat(joined(one, 30_000)).isEqualTo(Errors.GROUP_MAX_SIZE_REACHED);
            assertThat(joined(any, 30_000)).isEqualTo(Errors.NONE);
            second.send(WireClient.frame(ApiKeys.JOIN_GROUP, 3, 1, join(30_000)));
            await("the second member", () -> described(any).members().size() == 2);
        }
    }

    // ---- the consumer protocol

    private static ConsumerGroupHeartbeatRequestData entry(String group) {
        return new ConsumerGroupHeartbeatRequestData().setGroupId(group).setMemberId(Uuid.randomUuid().toString()).setMemberEpoch(0)
                .setRebalanceTimeoutMs(60_000).setSubscribedTopicNames(List.of("t")).setTopicPartitions(List.of());
    }

    private static ConsumerGroupHeartbeatResponseData heartbeat(LiveBroker broker, ConsumerGroupHeartbeatRequestData request) throws IOException {
        return (ConsumerGroupHeartbeatResponseData) broker.call(ApiKeys.CONSUMER_GROUP_HEARTBEAT, 1, request);
    }

    private static ConsumerGroupHeartbeatResponseData entered(LiveBroker broker, String group) throws IOException {
        ConsumerGroupHeartbeatResponseData answer = heartbeat(broker, entry(group));
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.NONE);
        return answer;
    }

    private static int members(LiveBroker broker, String group) throws Exception {
        return get(broker.admin().describeConsumerGroups(List.of(group)).all()).get(group).members().size();
    }

    @Test
    @Proves({"group.consumer.heartbeat.interval.ms", "consumer.heartbeat.interval.ms"})
    void membersAreToldHowOftenToSendHeartbeats() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker other = broker("other", "group.consumer.heartbeat.interval.ms", "6000")) {
            assertThat(entered(usual, "a").heartbeatIntervalMs()).isEqualTo(5000);
            assertThat(entered(other, "a").heartbeatIntervalMs()).isEqualTo(6000);
            usual.alter(Type.GROUP, "b", "consumer.heartbeat.interval.ms", "7000");
            assertThat(entered(usual, "b").heartbeatIntervalMs()).isEqualTo(7000);
            assertThat(entered(usual, "a").heartbeatIntervalMs()).isEqualTo(5000);
        }
    }

    @Test
    @Proves({"group.consumer.session.timeout.ms", "consumer.session.timeout.ms"})
    void aSilentMemberIsRemovedInTime() throws Exception {
        try (LiveBroker usual = broker("usual", SHORT_SESSIONS);
                LiveBroker hasty = LiveBroker.start(dir.resolve("hasty"), with(SHORT_SESSIONS, "group.consumer.session.timeout.ms", "200"))) {
            await("the coordinator", () -> ((FindCoordinatorResponseData) hasty.call(ApiKeys.FIND_COORDINATOR, 4,
                    new FindCoordinatorRequestData().setCoordinatorKeys(List.of("a")))).coordinators().get(0).errorCode() == 0);
            usual.alter(Type.GROUP, "b", "consumer.session.timeout.ms", "200");
            entered(usual, "a");
            entered(usual, "b");
            await("entered", () -> heartbeat(hasty, entry("a")).errorCode() == 0);
            await("removed by the broker's default", () -> members(hasty, "a") == 0);
            await("removed by the group's own time", () -> members(usual, "b") == 0);
            assertThat(members(usual, "a")).isEqualTo(1);
        }
    }

    private static String[] with(String[] settings, String... more) {
        String[] all = java.util.Arrays.copyOf(settings, settings.length + more.length);
        System.arraycopy(more, 0, all, settings.length, more.length);
        return all;
    }

    @Test
    @Proves({"group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms",
        "group.consumer.min.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"})
    void aGroupsOwnTimesAreWithinLimits() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker wide = broker("wide", "group.consumer.min.session.timeout.ms", "30000",
                "group.consumer.max.session.timeout.ms", "70000", "group.consumer.min.heartbeat.interval.ms", "1000",
                "group.consumer.max.heartbeat.interval.ms", "20000")) {
            Map<String, List<String>> outside = Map.of("consumer.session.timeout.ms", List.of("31000", "65000"),
                    "consumer.heartbeat.interval.ms", List.of("2000", "18000"));
            for (Map.Entry<String, List<String>> key : outside.entrySet()) {
                String[] limits = key.getValue().toArray(String[]::new);
                assertThatThrownBy(() -> usual.alter(Type.GROUP, "g", key.getKey(), limits[0])).hasMessageContaining("greater than or equal to group.consumer.min");
                assertThatThrownBy(() -> usual.alter(Type.GROUP, "g", key.getKey(), limits[1])).hasMessageContaining("less than or equal to group.consumer.max");
                for (String value : limits) {
                    wide.alter(Type.GROUP, "g", key.getKey(), value);
                }
            }
        }
    }

    @Test
    @Proves({"group.consumer.min.assignment.interval.ms", "group.consumer.max.assignment.interval.ms"})
    void aGroupsOwnAssignmentIntervalIsWithinLimits() throws Exception {
        String key = "consumer.assignment.interval.ms";
        try (LiveBroker usual = broker("usual"); LiveBroker other = broker("other", "group.consumer.min.assignment.interval.ms", "500",
                "group.consumer.max.assignment.interval.ms", "20000")) {
            usual.alter(Type.GROUP, "g", key, "499");
            assertThatThrownBy(() -> other.alter(Type.GROUP, "g", key, "499"))
                    .hasMessage(key + " must be greater than or equal to group.consumer.min.assignment.interval.ms");
            other.alter(Type.GROUP, "g", key, "500");
            assertThatThrownBy(() -> usual.alter(Type.GROUP, "g", key, "20000"))
                    .hasMessage(key + " must be less than or equal to group.consumer.max.assignment.interval.ms");
            other.alter(Type.GROUP, "g", key, "20000");
        }
    }

    @Test
    @Proves({"group.consumer.assignment.interval.ms", "consumer.assignment.interval.ms"})
    void assignmentsOfAGroupKeepTheirDistance() throws Exception {
        String tenMinutes = "600000";
        try (LiveBroker hurries = broker("hurries", "group.consumer.assignment.interval.ms", "0", "group.consumer.max.assignment.interval.ms", tenMinutes);
                LiveBroker waits = broker("waits", "group.consumer.assignment.interval.ms", tenMinutes,
                        "group.consumer.max.assignment.interval.ms", tenMinutes)) {
            hurries.alter(Type.GROUP, "own", "consumer.assignment.interval.ms", tenMinutes);
            waits.alter(Type.GROUP, "own", "consumer.assignment.interval.ms", "0");
            assertThat(second(hurries, "a").memberEpoch()).isEqualTo(2);
            assertThat(second(waits, "own").memberEpoch()).isEqualTo(2);
            theSecondIsAssignedInTenMinutes(waits, "a");
            theSecondIsAssignedInTenMinutes(hurries, "own");
        }
    }

    /** The answer to the second member of a new group: of epoch 2 if it made an assignment, else of the first one's. */
    private static ConsumerGroupHeartbeatResponseData second(LiveBroker broker, String group) throws IOException {
        assertThat(entered(broker, group).memberEpoch()).isEqualTo(1);
        return entered(broker, group);
    }

    private static void theSecondIsAssignedInTenMinutes(LiveBroker broker, String group) throws IOException {
        ConsumerGroupHeartbeatResponseData second = second(broker, group);
        assertThat(second.memberEpoch()).isEqualTo(1);
        var next = new ConsumerGroupHeartbeatRequestData().setGroupId(group).setMemberId(second.memberId()).setMemberEpoch(1);
        assertThat(heartbeat(broker, next).memberEpoch()).isEqualTo(1);
        broker.advance(600_000);
        assertThat(heartbeat(broker, next).memberEpoch()).isEqualTo(2);
    }

    @Test
    @Proves({"group.consumer.max.size", "group.consumer.assignors"})
    void aConsumerGroupHasSoManyMembersAndTheseAssignors() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker one = broker("one", "group.consumer.max.size", "1", "group.consumer.assignors", "range")) {
            for (LiveBroker broker : List.of(usual, one)) {
                Errors unknown = Errors.forCode(heartbeat(broker, entry("b").setServerAssignor("uniform")).errorCode());
                assertThat(unknown).isEqualTo(broker == one ? Errors.UNSUPPORTED_ASSIGNOR : Errors.NONE);
                entered(broker, "a");
                Errors second = Errors.forCode(heartbeat(broker, entry("a")).errorCode());
                assertThat(second).isEqualTo(broker == one ? Errors.GROUP_MAX_SIZE_REACHED : Errors.NONE);
            }
        }
    }

    @Test
    @Proves("group.consumer.migration.policy")
    void aLivingClassicGroupIsUpgradedOrNot() throws Exception {
        for (String policy : List.of("bidirectional", "upgrade", "downgrade", "disabled")) {
            try (LiveBroker broker = broker(policy, "group.consumer.migration.policy", policy)) {
                assertThat(joined(broker, 30_000)).isEqualTo(Errors.NONE);
                Errors entered = Errors.forCode(heartbeat(broker, entry("g")).errorCode());
                assertThat(entered).as(policy).isEqualTo(policy.equals("bidirectional") || policy.equals("upgrade") ? Errors.NONE : Errors.GROUP_ID_NOT_FOUND);
            }
        }
    }

    @Test
    @Proves("group.consumer.regex.refresh.interval.ms")
    void expressionsAreResolvedAgainAsOftenAsSaid() throws Exception {
        try (LiveBroker seldom = broker("seldom", "offsets.topic.num.partitions", "1");
                LiveBroker often = broker("often", "offsets.topic.num.partitions", "1", "group.consumer.regex.refresh.interval.ms", "10000")) {
            ConsumerGroupHeartbeatRequestData inSeldom = subscribed(seldom);
            ConsumerGroupHeartbeatRequestData inOften = subscribed(often);
            seldom.advance(11_000);
            heartbeat(seldom, inSeldom);
            often.advance(11_000);
            heartbeat(often, inOften);
            await("resolved again", () -> resolutions(often) == 2);
            assertThat(resolutions(seldom)).isEqualTo(1);
            seldom.advance(600_000);
            heartbeat(seldom, inSeldom);
            await("resolved after ten minutes", () -> resolutions(seldom) == 2);
        }
    }

    /** A member whose expression has been resolved once; its next heartbeat. */
    private static ConsumerGroupHeartbeatRequestData subscribed(LiveBroker broker) throws Exception {
        ConsumerGroupHeartbeatRequestData request = entry("g").setSubscribedTopicNames(null).setSubscribedTopicRegex("nothing.*");
        int epoch = heartbeat(broker, request).memberEpoch();
        await("resolved", () -> resolutions(broker) == 1);
        return new ConsumerGroupHeartbeatRequestData().setGroupId("g").setMemberId(request.memberId()).setMemberEpoch(epoch);
    }

    /** Each resolution is a ConsumerGroupRegularExpression record, whose key begins with 16. */
    private static int resolutions(LiveBroker broker) throws IOException {
        int found = 0;
        for (RecordBatch batch : broker.batches("__consumer_offsets")) {
            for (Record record : batch) {
                found += record.hasValue() && record.key().getShort(0) == 16 ? 1 : 0;
            }
        }
        return found;
    }
}
