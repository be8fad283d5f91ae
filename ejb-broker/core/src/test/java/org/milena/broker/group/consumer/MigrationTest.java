package org.milena.broker.group.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.IllegalGenerationException;
import org.apache.kafka.common.errors.InconsistentGroupProtocolException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.milena.broker.group.Group;
import org.milena.broker.group.classic.ClassicGroup;

/** A group changes its protocol while its members work: up with the first new consumer, down with the last. */
class MigrationTest {

    private final GroupHarness shard = new GroupHarness();
    private final Uuid foo = shard.topic("foo", 4);
    private final ClassicTestMember a = new ClassicTestMember(shard, "g", "foo");
    private final ClassicTestMember b = new ClassicTestMember(shard, "g", "foo");
    private final TestMember n = new TestMember(shard, "g", "n", "foo");

    private static List<TopicPartition> foo(int... partitions) {
        return java.util.Arrays.stream(partitions).mapToObj(p -> new TopicPartition("foo", p)).toList();
    }

    /** Two classic members with two partitions each, at generation 1. */
    private void classicGroup() {
        shard.set("group.initial.rebalance.delay.ms", 1_000);
        a.join();
        b.join();
        shard.advance(3_000);
        assertThat(a.joined() && b.joined()).isTrue();
        ClassicTestMember leader = a.leads() ? a : b;
        ClassicTestMember other = leader == a ? b : a;
        var waiting = other.syncing(Map.of());
        assertThat(leader.sync(Map.of(a, foo(0, 1), b, foo(2, 3)))).isEqualTo(Errors.NONE);
        assertThat(other.take(waiting.join())).isEqualTo(Errors.NONE);
        assertThat(shard.groups.get("g").state()).isEqualTo("Stable");
    }

    /** One turn of each classic member: heartbeat, and if it is asked to, join and sync, as cooperative clients do. */
    private void turn(ClassicTestMember... members) {
        for (ClassicTestMember member : members) {
            if (member.beat() == Errors.REBALANCE_IN_PROGRESS) {
                rejoin(member);
            }
        }
    }

    private void rejoin(ClassicTestMember member) {
        Set<TopicPartition> before = member.owned;
        member.join();
        assertThat(member.joined()).isTrue();
        assertThat(member.sync()).isEqualTo(Errors.NONE);
        if (!member.owned.containsAll(before)) {
            member.join();
            assertThat(member.joined()).isTrue();
            assertThat(member.sync()).isEqualTo(Errors.NONE);
        }
    }

    private void assertAllOwnedOnce(Set<TopicPartition> first, Set<TopicPartition> second) {
        Set<TopicPartition> all = new HashSet<>(first);
        all.addAll(second);
        assertThat(all).hasSize(first.size() + second.size());
        assertThat(n.owned.getOrDefault(foo, Set.of())).doesNotContainAnyElementsOf(all.stream().map(TopicPartition::partition).toList());
        assertThat(all.size() + n.count()).isEqualTo(4);
    }

    @Test
    void theFirstConsumerHeartbeatUpgradesAClassicGroupWithoutARestartOfItsMembers() {
        classicGroup();
        n.join();
        assertThat(shard.groups.get("g").type()).isEqualTo(Group.Type.CONSUMER);
        ConsumerGroup group = shard.group("g");
        assertThat(group.members()).containsOnlyKeys(a.memberId, b.memberId, "n");
        assertThat(group.epoch()).isEqualTo(2);
        assertThat(group.member(a.memberId).current().epoch()).as("the generation").isEqualTo(1);
        assertThat(group.member(a.memberId).classic()).isTrue();
        assertThat(n.wanted).as("nothing is free yet").isEmpty();

        assertThat(a.beat()).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
        for (int i = 0; i < 4; i++) {
            turn(a, b);
            n.beat();
            n.apply();
        }
        assertThat(group.state()).isEqualTo("Stable");
        assertAllOwnedOnce(a.owned, b.owned);
        assertThat(n.count()).isPositive();
        assertThat(a.beat()).isEqualTo(Errors.NONE);
        shard.protocol.describe("g").members().forEach(m ->
                assertThat(m.memberType()).isEqualTo((byte) (m.memberId().equals("n") ? 1 : 0)));
        shard.restart();
        assertThat(shard.group("g").state()).isEqualTo("Stable");
        assertThat(a.beat()).isEqualTo(Errors.NONE);
    }

    @Test
    void theLastConsumerThatLeavesTakesTheGroupBackToTheClassicProtocol() {
        classicGroup();
        n.join();
        for (int i = 0; i < 4; i++) {
            turn(a, b);
            n.beat();
            n.apply();
        }
        n.leave();
        assertThat(shard.groups.get("g")).isInstanceOf(ClassicGroup.class);
        assertThat(shard.groups.get("g").memberCount()).isEqualTo(2);
        assertThat(a.beat()).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
        a.join();
        b.join();
        assertThat(a.joined() && b.joined()).isTrue();
        ClassicTestMember leader = a.leads() ? a : b;
        assertThat(leader.sync(Map.of(a, foo(0, 1), b, foo(2, 3)))).isEqualTo(Errors.NONE);
        assertThat(shard.groups.get("g").state()).isEqualTo("Stable");
        shard.restart();
        assertThat(shard.groups.get("g")).isInstanceOf(ClassicGroup.class);
        assertThat(shard.groups.get("g").memberCount()).isEqualTo(2);
    }

    @Test
    void aCrashedLastConsumerDowngradesTheGroupToo() {
        classicGroup();
        n.join();
        for (int i = 0; i < 12 && shard.groups.get("g").type() == Group.Type.CONSUMER; i++) {
            shard.advance(5_000);
            if (shard.groups.get("g").type() == Group.Type.CONSUMER) {
                turn(a, b);
            }
        }
        assertThat(shard.groups.get("g")).isInstanceOf(ClassicGroup.class);
        assertThat(shard.groups.get("g").memberCount()).isEqualTo(2);
    }

    @Test
    void aClassicMemberThatDoesNotRejoinInTimeIsRemoved() {
        classicGroup();
        n.join();
        for (int i = 0; i < 3; i++) {
            assertThat(a.beat()).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
            assertThat(b.beat()).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
            shard.advance(6_000);
        }
        a.beat();
        rejoin(b);
        shard.advance(3_000);
        assertThat(shard.group("g").members()).containsOnlyKeys(b.memberId, "n");
    }

    @Test
    void aClassicMemberHasToSyncAfterItsJoin() {
        classicGroup();
        n.join();
        a.join();
        assertThat(a.joined()).isTrue();
        for (int i = 0; i < 4; i++) {
            shard.advance(5_001);
            if (shard.group("g").member(a.memberId) != null) {
                a.beat();
            }
            turn(b);
        }
        assertThat(shard.group("g").member(a.memberId)).isNull();
    }

    @Test
    void aClassicConsumerJoinsAConsumerGroup() {
        n.join();
        n.apply();
        a.join();
        assertThat(a.joined()).isTrue();
        assertThat(a.sync()).isEqualTo(Errors.NONE);
        assertThat(a.owned).isEmpty();
        for (int i = 0; i < 4; i++) {
            n.beat();
            n.apply();
            turn(a);
        }
        assertAllOwnedOnce(a.owned, Set.of());
        assertThat(a.owned).hasSize(2);
        assertThat(shard.group("g").state()).isEqualTo("Stable");
        a.leave();
        TestMember.settle(List.of(n), 5);
        assertThat(n.count()).isEqualTo(4);
        assertThat(shard.groups.get("g").type()).isEqualTo(Group.Type.CONSUMER);
    }

    @Test
    void classicRequestsAreCheckedAgainstTheMember() {
        n.join();
        n.apply();
        a.join();
        a.joined();
        String own = a.memberId;
        int generation = a.generation;
        a.generation = generation + 1;
        assertThatThrownBy(a::beat).isInstanceOf(IllegalGenerationException.class);
        assertThatThrownBy(a::sync).isInstanceOf(IllegalGenerationException.class)
                .hasMessage("The request generation id " + (generation + 1) + " is not equal to the member epoch " + generation + " of member " + own + ".");
        a.generation = generation;
        a.memberId = "n";
        assertThatThrownBy(a::beat).isInstanceOf(UnknownMemberIdException.class).hasMessage("Member n does not use the classic protocol.");
        a.memberId = "x";
        assertThatThrownBy(a::beat).isInstanceOf(UnknownMemberIdException.class);
        a.memberId = own;
        shard.topic("foo", 5);
        n.beat();
        assertThatThrownBy(a::sync).isInstanceOf(RebalanceInProgressException.class)
                .hasMessage("A new rebalance is triggered in group g and member " + own + " should rejoin to catch up.");
        b.join();
        b.joined();
        assertThatThrownBy(() -> shard.run(shard.protocol.joinGroup(GroupHarness.V1, b.joinRequest().setProtocolType("connect"),
                new java.util.concurrent.CompletableFuture<>()))).isInstanceOf(InconsistentGroupProtocolException.class)
                .hasMessage("Member " + b.memberId + "'s protocols are not supported.");
    }

    @Test
    void aNewClassicMemberHasToComeBackWithItsId() {
        n.join();
        var answer = new java.util.concurrent.CompletableFuture<org.apache.kafka.common.message.JoinGroupResponseData>();
        shard.run(shard.protocol.joinGroup(new org.milena.broker.group.RequestInfo((short) 5, "c", "/h"), a.joinRequest(), answer));
        assertThat(Errors.forCode(answer.join().errorCode())).isEqualTo(Errors.MEMBER_ID_REQUIRED);
        assertThat(answer.join().memberId()).isNotEmpty();
        assertThat(shard.group("g").members()).containsOnlyKeys("n");
    }

    @Test
    void thePolicyForbids() {
        shard.set("group.consumer.migration.policy", "disabled");
        classicGroup();
        assertThatThrownBy(n::join).isInstanceOf(GroupIdNotFoundException.class)
                .hasMessage("Cannot upgrade classic group g to consumer group because online upgrade is disabled.");
        TestMember other = new TestMember(shard, "h", "m", "foo");
        other.join();
        ClassicTestMember late = new ClassicTestMember(shard, "h", "foo");
        assertThatThrownBy(late::join).isInstanceOf(InconsistentGroupProtocolException.class)
                .hasMessage("Cannot join the consumer group h with the classic protocol because the group migration is disabled.");
    }

    @Test
    void downgradeMayBeForbiddenAlone() {
        shard.set("group.consumer.migration.policy", "upgrade");
        classicGroup();
        n.join();
        n.leave();
        assertThat(shard.groups.get("g").type()).isEqualTo(Group.Type.CONSUMER);
        for (int i = 0; i < 4; i++) {
            turn(a, b);
        }
        assertAllOwnedOnce(a.owned, b.owned);
    }

    @Test
    void aGroupThatIsTooLargeStaysWhatItIs() {
        shard.set("group.consumer.max.size", 1);
        classicGroup();
        assertThatThrownBy(n::join).isInstanceOf(GroupIdNotFoundException.class)
                .hasMessage("Cannot upgrade classic group g to consumer group because the group size exceeds the consumer group maximum size.");
        assertThat(shard.groups.get("g")).isInstanceOf(ClassicGroup.class);
    }

    @Test
    void anEmptyClassicGroupBecomesAConsumerGroupAndAnEmptyConsumerGroupAClassicOne() {
        classicGroup();
        a.leave();
        b.leave();
        shard.advance(60_000);
        n.join();
        n.apply();
        assertThat(n.count()).isEqualTo(4);
        n.leave();
        a.memberId = "";
        a.owned = Set.of();
        a.join();
        shard.advance(1_000);
        assertThat(a.joined()).isTrue();
        assertThat(shard.groups.get("g")).isInstanceOf(ClassicGroup.class);
    }

    @Test
    void aStaticMemberChangesTheProtocolUpAndDown() {
        ClassicTestMember old = new ClassicTestMember(shard, "s", "foo").instance("i");
        old.join();
        shard.advance(4_000);
        assertThat(old.joined()).isTrue();
        assertThat(old.sync(Map.of(old, foo(0, 1, 2, 3)))).isEqualTo(Errors.NONE);

        TestMember fresh = new TestMember(shard, "s", "fresh", "foo").instance("i");
        fresh.join();
        fresh.apply();
        assertThat(fresh.count()).isEqualTo(4);
        assertThat(shard.group("s").members()).containsOnlyKeys("fresh");

        ClassicTestMember back = new ClassicTestMember(shard, "s", "foo").instance("i");
        back.join();
        assertThat(shard.groups.get("s")).isInstanceOf(ClassicGroup.class);
        assertThat(back.joined()).isTrue();
        assertThat(((ClassicGroup) shard.groups.get("s")).members()).hasSize(1).allSatisfy(m -> {
            assertThat(m.memberId()).isEqualTo(back.memberId);
            assertThat(m.assignment().length()).isPositive();
        });
    }
}
