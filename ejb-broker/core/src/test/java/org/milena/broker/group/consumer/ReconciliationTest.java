package org.milena.broker.group.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupValue;

/** The way of partitions from one member to another, and what makes them move. */
class ReconciliationTest {

    private final GroupHarness shard = new GroupHarness();
    private final Uuid foo = shard.topic("foo", 4);
    private final TestMember a = new TestMember(shard, "g", "a", "foo");
    private final TestMember b = new TestMember(shard, "g", "b", "foo");

    private Current current(TestMember member) {
        return shard.group("g").member(member.memberId).current();
    }

    @Test
    void aPartitionIsFreedByOneMemberBeforeAnotherGetsIt() {
        a.join();
        a.apply();
        b.join();
        assertThat(current(b).state()).isEqualTo(MemberState.UNRELEASED_PARTITIONS);
        assertThat(b.epoch).isEqualTo(2);
        assertThat(b.wanted).isEmpty();
        assertThat(shard.group("g").state()).isEqualTo("Reconciling");

        assertThat(a.beat().assignment()).isNotNull();
        assertThat(current(a).state()).isEqualTo(MemberState.UNREVOKED_PARTITIONS);
        assertThat(a.epoch).as("stays until it gave up").isEqualTo(1);
        assertThat(b.beat().assignment()).isNull();
        a.beat();
        assertThat(current(a).state()).as("a heartbeat that does not say what it owns frees nothing").isEqualTo(MemberState.UNREVOKED_PARTITIONS);

        a.apply();
        a.beat();
        assertThat(current(a).state()).isEqualTo(MemberState.STABLE);
        assertThat(a.epoch).isEqualTo(2);
        assertThat(b.beat().assignment()).isNotNull();
        b.apply();
        assertThat(current(b).state()).isEqualTo(MemberState.STABLE);
        assertThat(a.count()).isEqualTo(2);
        assertThat(b.count()).isEqualTo(2);
        assertThat(shard.group("g").state()).isEqualTo("Stable");
    }

    @Test
    void aMemberThatDoesNotGiveUpItsPartitionsInTimeIsRemoved() {
        a.rebalanceTimeoutMs = 10_000;
        a.join();
        a.apply();
        b.join();
        a.beat();
        for (int i = 0; i < 3; i++) {
            shard.advance(3_000);
            a.beat();
            b.beat();
        }
        assertThat(shard.group("g").members()).containsOnlyKeys("a", "b");
        shard.advance(1_000);
        assertThat(shard.group("g").members()).containsOnlyKeys("b");
        TestMember.settle(List.of(b), 5);
        assertThat(b.count()).isEqualTo(4);
    }

    @Test
    void theRevocationDeadlineIsSetAgainAfterARestart() {
        a.rebalanceTimeoutMs = 10_000;
        a.join();
        a.apply();
        b.join();
        a.beat();
        shard.restart();
        shard.advance(9_000);
        a.beat();
        b.beat();
        assertThat(shard.group("g").members()).containsOnlyKeys("a", "b");
        shard.advance(1_001);
        assertThat(shard.group("g").members()).containsOnlyKeys("b");
    }

    @Test
    void aRevocationThatIsTakenBackNeedsNobodyElse() {
        a.join();
        a.apply();
        b.join();
        a.beat();
        b.leave();
        TestMember.settle(List.of(a), 5);
        assertThat(a.count()).isEqualTo(4);
        assertThat(current(a).state()).isEqualTo(MemberState.STABLE);
    }

    @Test
    void newPartitionsAndTopicsAndDeletedOnesMakeANewEpochAtTheNextHeartbeat() {
        TestMember m = new TestMember(shard, "h", "m", "foo", "bar");
        m.join();
        m.apply();
        assertThat(m.wanted).isEqualTo(Map.of(foo, Set.of(0, 1, 2, 3)));
        shard.topic("foo", 5);
        m.beat();
        m.apply();
        assertThat(m.wanted).isEqualTo(Map.of(foo, Set.of(0, 1, 2, 3, 4)));
        assertThat(shard.group("h").epoch()).isEqualTo(2);
        Uuid bar = shard.topic("bar", 1);
        m.beat();
        m.apply();
        assertThat(m.wanted).isEqualTo(Map.of(foo, Set.of(0, 1, 2, 3, 4), bar, Set.of(0)));
        shard.topic("other", 3);
        m.beat();
        assertThat(shard.group("h").epoch()).as("nobody wants that topic").isEqualTo(3);
        shard.deleteTopic("foo");
        TestMember.settle(List.of(m), 5);
        assertThat(m.owned).isEqualTo(Map.of(bar, Set.of(0)));
        assertThat(shard.group("h").epoch()).isEqualTo(4);
    }

    @Test
    void topicsThatChangeWhileNobodyServesTheShardAreSeenAfterwards() {
        a.join();
        a.apply();
        shard.image = topicsOfAnotherLife();
        shard.restart();
        a.beat();
        assertThat(shard.group("g").epoch()).isEqualTo(2);
        assertThat(a.wanted.get(foo)).hasSize(6);
    }

    private org.milena.broker.cache.MetadataImage topicsOfAnotherLife() {
        GroupHarness other = new GroupHarness();
        other.topic("foo", 6);
        return other.image;
    }

    @Test
    void assignmentsKeepTheirLeastDistance() {
        shard.set("group.consumer.assignment.interval.ms", 1_000);
        a.join();
        a.apply();
        b.join();
        assertThat(shard.group("g").state()).isEqualTo("Assigning");
        assertThat(b.epoch).isEqualTo(1);
        shard.advance(1_000);
        b.beat();
        assertThat(b.epoch).isEqualTo(2);
        TestMember.settle(List.of(a, b), 5);
        assertThat(b.count()).isEqualTo(2);
    }

    @Test
    void whatAMemberNoLongerWantsIsAskedBackAtOnceEvenBeforeANewTarget() {
        shard.topic("bar", 1);
        shard.set("group.consumer.assignment.interval.ms", 1_000);
        a.join();
        a.apply();
        a.topics = List.of("bar");
        a.beatFull();
        assertThat(current(a).state()).isEqualTo(MemberState.UNREVOKED_PARTITIONS);
        assertThat(a.wanted).isEmpty();
        assertThat(a.epoch).isEqualTo(1);
    }

    @Test
    void aMemberOfAnUnknownStateHasToStartAnew() {
        a.join();
        a.apply();
        Current strange = current(a);
        shard.protocol.replay(new GroupRecord(new GroupKey.ConsumerGroupCurrentMemberAssignment("g", "a"),
                new GroupValue.ConsumerGroupCurrentMemberAssignment(strange.epoch(), strange.previousEpoch(), (byte) 9,
                        Partitions.ofAssignment(strange.assigned()), List.of())));
        org.assertj.core.api.Assertions.assertThatThrownBy(a::beat)
                .isInstanceOf(org.apache.kafka.common.errors.FencedMemberEpochException.class)
                .hasMessage("The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin.");
        a.join();
        a.apply();
        assertThat(a.count()).isEqualTo(4);
        assertThat(current(a).state()).isEqualTo(MemberState.STABLE);
    }

    @Test
    void assignmentEpochsSayWhenAPartitionCame() {
        a.join();
        a.apply();
        shard.topic("foo", 6);
        a.beat();
        assertThat(current(a).assigned().get(foo)).isEqualTo(new TreeMap<>(Map.of(0, 1, 1, 1, 2, 1, 3, 1, 4, 2, 5, 2)));
        shard.restart();
        assertThat(current(a).assigned().get(foo)).isEqualTo(new TreeMap<>(Map.of(0, 1, 1, 1, 2, 1, 3, 1, 4, 2, 5, 2)));
    }

    /** A log that is compacted while it is read may show a new owner before the old one's release. */
    @Test
    void replayTakesRecordsThatCompactionPulledApart() {
        var mine = new GroupValue.TopicPartitions(foo, List.of(0), List.of(1));
        var nothing = new GroupValue.ConsumerGroupCurrentMemberAssignment(3, 2, (byte) 0, List.of(), List.of());
        var one = new GroupValue.ConsumerGroupCurrentMemberAssignment(2, 1, (byte) 0, List.of(mine), List.of());
        shard.protocol.replay(new GroupRecord(new GroupKey.ConsumerGroupCurrentMemberAssignment("g", "a"), one));
        shard.protocol.replay(new GroupRecord(new GroupKey.ConsumerGroupCurrentMemberAssignment("g", "b"), one));
        shard.protocol.replay(new GroupRecord(new GroupKey.ConsumerGroupCurrentMemberAssignment("g", "a"), nothing));
        assertThat(shard.group("g").owner(foo, 0)).isEqualTo("b");
        shard.protocol.replay(GroupRecord.tombstone(new GroupKey.ConsumerGroupMemberMetadata("g", "nobody")));
        shard.protocol.replay(GroupRecord.tombstone(new GroupKey.ConsumerGroupMetadata("unheard-of")));
        assertThat(shard.groups.get("unheard-of")).isNull();
    }
}
