package org.milena.broker.group.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.FencedMemberEpochException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.StaleMemberEpochException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.junit.jupiter.api.Test;
import org.milena.broker.group.Group.CommitPartitionValidator;

/** A zombie's commit is fenced; a member a little behind may commit what it held all the while. */
class OffsetFencingTest {

    private static final short V9 = 9;

    private final GroupHarness shard = new GroupHarness();
    private final Uuid foo = shard.topic("foo", 2);
    private final TestMember a = new TestMember(shard, "g", "a", "foo");
    private final TestMember b = new TestMember(shard, "g", "b", "foo");

    private CommitPartitionValidator commit(String memberId, int epoch) {
        return shard.group("g").validateOffsetCommit(memberId, null, epoch, false, V9);
    }

    private void settled() {
        a.join();
        a.apply();
        b.join();
        TestMember.settle(List.of(a, b), 10);
    }

    @Test
    void theCurrentEpochCommitsAndFetches() {
        settled();
        commit("a", 2).validate("foo", foo, 0);
        shard.group("g").validateOffsetFetch("a", 2);
        shard.group("g").validateOffsetFetch(null, -1);
    }

    @Test
    void anOlderEpochCommitsOnlyWhatWasHeldSinceThen() {
        settled();
        int kept = a.owned.get(foo).iterator().next();
        commit("a", 1).validate("foo", foo, kept);
        commit("a", 1).validate("foo", Uuid.ZERO_UUID, kept);
        assertThatThrownBy(() -> commit("a", 1).validate("foo", foo, 1 - kept)).isInstanceOf(StaleMemberEpochException.class)
                .hasMessage("Partition foo-" + (1 - kept) + " is not assigned or pending revocation for member.");
        assertThatThrownBy(() -> commit("b", 1).validate("foo", foo, 1 - kept)).isInstanceOf(StaleMemberEpochException.class)
                .hasMessageContaining("is older than the assignment epoch 2");
        assertThatThrownBy(() -> commit("a", 1).validate("gone", Uuid.ZERO_UUID, 0)).isInstanceOf(StaleMemberEpochException.class);
    }

    /** KIP-848 cannot prevent that: the server goes by what the member said it owns, and the answer to that is lost. */
    @Test
    void whatAMemberTakesFromAnOutdatedAnswerItCannotCommit() {
        a.join();
        b.join();
        shard.beat(a.full().setTopicPartitions(List.of()));
        b.beat();
        int gone = b.wanted.get(foo).iterator().next();
        a.apply();
        assertThat(a.owned.get(foo)).as("of the answer to its join").containsExactlyInAnyOrder(0, 1);

        assertThatThrownBy(() -> commit("a", a.epoch).validate("foo", foo, gone)).isInstanceOf(StaleMemberEpochException.class)
                .hasMessage("Partition foo-" + gone + " is not assigned or pending revocation for member.");
        assertThatThrownBy(a::beatFull).isInstanceOf(FencedMemberEpochException.class);
    }

    @Test
    void othersAreFenced() {
        settled();
        assertThatThrownBy(() -> commit("a", 3)).isInstanceOf(StaleMemberEpochException.class)
                .hasMessage("Received member epoch 3 is newer than current member epoch 2.");
        assertThatThrownBy(() -> commit("x", 2)).isInstanceOf(UnknownMemberIdException.class);
        assertThatThrownBy(() -> commit("", -1)).as("somebody outside, while there are members").isInstanceOf(UnknownMemberIdException.class);
        assertThatThrownBy(() -> shard.group("g").validateOffsetFetch("a", 1)).isInstanceOf(StaleMemberEpochException.class)
                .hasMessage("The received member epoch 1 does not match the expected member epoch 2.");
        assertThatThrownBy(() -> shard.group("g").validateOffsetFetch("x", 1)).isInstanceOf(UnknownMemberIdException.class);
        assertThatThrownBy(() -> shard.group("g").validateOffsetCommit("a", null, 2, false, (short) 8))
                .isInstanceOf(UnsupportedVersionException.class);
        assertThatThrownBy(() -> shard.group("g").validateDeleteGroup()).isInstanceOf(GroupNotEmptyException.class);
        shard.group("g").validateOffsetCommit("a", null, 2, true, (short) 3);
        shard.group("g").validateOffsetCommit("", null, -1, true, (short) 3);
    }

    @Test
    void anEmptyGroupTakesCommitsFromOutside() {
        a.join();
        a.leave();
        commit("", -1).validate("foo", foo, 0);
    }
}
