package org.milena.broker.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.group.GroupFixture.commitRequest;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupRecordCodec;

/** Leadership, loading, the disk that stalls or fails (rules 12). */
class RuntimeTest {

    private final GroupFixture f = new GroupFixture();

    private static Errors error(OffsetCommitResponseData answer) {
        return Errors.forCode(answer.topics().get(0).partitions().get(0).errorCode());
    }

    @Test
    void whoIsNotCoordinatorSaysSo() {
        List<String> ids = f.stable(1);
        f.resign();
        assertThat(f.heartbeat(ids.get(0), 1)).isEqualTo(Errors.NOT_COORDINATOR);
        assertThat(f.commit(ids.get(0), 1, "t", 0, 1)).isEqualTo(Errors.NOT_COORDINATOR);
        assertThat(f.world.get(f.join("")).errorCode()).isEqualTo(Errors.NOT_COORDINATOR.code());
    }

    @Test
    void whileLoadingClientsAreToldToWaitAndHeartbeatsPass() {
        List<String> ids = f.stable(1);
        f.log.stallLoads();
        f.restart();
        assertThat(f.commit(ids.get(0), 1, "t", 0, 1)).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
        assertThat(f.heartbeat(ids.get(0), 1)).isEqualTo(Errors.NONE);
        f.log.resumeLoads();
        f.world.run();
        assertThat(f.commit(ids.get(0), 1, "t", 0, 1)).isEqualTo(Errors.NONE);
    }

    @Test
    void aStalledDiskStopsNoHeartbeatAndNobodyIsRemoved() {
        List<String> ids = f.stable(2);
        f.log.stall();
        for (int second = 0; second < 30; second += 3) {
            var commit = f.commitLater(9, commitRequest(ids.get(0), 1, "t", 0, second));
            assertThat(f.heartbeat(ids.get(0), 1)).isEqualTo(Errors.NONE);
            assertThat(f.heartbeat(ids.get(1), 1)).isEqualTo(Errors.NONE);
            assertThat(commit).isNotDone();
            f.world.advance(3_000);
        }
        f.log.resume();
        assertThat(f.state()).isEqualTo("Stable");
        assertThat(f.committed("t", 0)).isEqualTo(27);
        assertThat(f.heartbeat(ids.get(1), 1)).isEqualTo(Errors.NONE);
    }

    @Test
    void aCommitThatTakesTooLongIsAnsweredButStillCounts() {
        f.log.stall();
        var commit = f.commitLater(9, commitRequest("", -1, "t", 0, 5));
        f.world.advance(4_999);
        assertThat(commit).isNotDone();
        f.world.advance(1);
        assertThat(error(f.world.get(commit))).isEqualTo(Errors.COORDINATOR_NOT_AVAILABLE);
        f.log.resume();
        assertThat(f.committed("t", 0)).isEqualTo(5);
    }

    @Test
    void readersSeeOnlyWhatIsCommitted() {
        f.commit("", -1, "t", 0, 1);
        f.log.stall();
        f.commitLater(9, commitRequest("", -1, "t", 0, 2));
        var read = f.coordinator.fetchOffsets(GroupFixture.version(9), new org.apache.kafka.common.message.OffsetFetchRequestData
                .OffsetFetchRequestGroup().setGroupId("g").setTopics(null), false);
        var other = f.coordinator.fetchOffsets(GroupFixture.version(9), new org.apache.kafka.common.message.OffsetFetchRequestData
                .OffsetFetchRequestGroup().setGroupId("other").setTopics(null), false);
        f.world.run();
        assertThat(read).as("waits with what it would tell").isNotDone();
        assertThat(other).as("another group's question does not").isDone();
        f.log.resume();
        assertThat(f.world.get(read).topics().get(0).partitions().get(0).committedOffset()).isEqualTo(2);
    }

    @Test
    void aFailedAppendDropsTheStateAndTheLogDecides() {
        List<String> ids = f.stable(1);
        f.commit(ids.get(0), 1, "t", 0, 1);
        f.log.setFate(SimLog.Fate.FAIL);
        assertThat(f.commit(ids.get(0), 1, "t", 0, 2)).isEqualTo(Errors.NOT_COORDINATOR);
        f.log.setFate(SimLog.Fate.COMMIT);
        f.world.advance(1_000);
        assertThat(f.committed("t", 0)).isEqualTo(1);
        assertThat(f.heartbeat(ids.get(0), 1)).isEqualTo(Errors.NONE);
        f.log.setFate(SimLog.Fate.COMMIT_BUT_REPORT_FAILURE);
        assertThat(f.commit(ids.get(0), 1, "t", 0, 3)).isEqualTo(Errors.NOT_COORDINATOR);
        f.log.setFate(SimLog.Fate.COMMIT);
        f.world.advance(1_000);
        assertThat(f.committed("t", 0)).isEqualTo(3);
    }

    /** A disk that is almost full: the state is ahead of the log, as while a disk stalls, and is kept. */
    @Test
    void aRefusedAppendIsTriedAgainAndTheStateStays() {
        List<String> ids = f.stable(2);
        f.log.setFate(SimLog.Fate.REFUSE);
        int appends = f.log.appends();
        var commit = f.commitLater(9, commitRequest(ids.get(0), 1, "t", 0, 7));
        for (int second = 0; second < 30; second += 3) {
            assertThat(f.heartbeat(ids.get(0), 1)).isEqualTo(Errors.NONE);
            assertThat(f.heartbeat(ids.get(1), 1)).isEqualTo(Errors.NONE);
            f.world.advance(3_000);
        }
        assertThat(error(f.world.get(commit))).isEqualTo(Errors.COORDINATOR_NOT_AVAILABLE);
        assertThat(f.log.appends() - appends).as("attempts in 30 s").isBetween(10, 150);
        f.log.setFate(SimLog.Fate.COMMIT);
        f.world.advance(1_000);
        assertThat(f.committed("t", 0)).isEqualTo(7);
        assertThat(f.state()).isEqualTo("Stable");
        assertThat(f.heartbeat(ids.get(1), 1)).isEqualTo(Errors.NONE);
    }

    /** Its next heartbeat waits behind an answer that our disk holds back. */
    @Test
    void noSessionRunsOutOverAStalledDiskButOneThatIsSilentAfterwardsDoes() {
        GroupFixture slow = new GroupFixture(java.util.Map.of("offsets.commit.timeout.ms", 60_000));
        List<String> ids = slow.stable(2);
        slow.log.stall();
        var commit = slow.commitLater(9, commitRequest(ids.get(0), 1, "t", 0, 7));
        slow.world.advance(3L * GroupFixture.SESSION_MS);
        assertThat(commit).isNotDone();
        slow.log.resume();
        assertThat(error(slow.world.get(commit))).isEqualTo(Errors.NONE);
        slow.world.advance(GroupFixture.SESSION_MS / 2);
        assertThat(slow.heartbeat(ids.get(0), 1)).isEqualTo(Errors.NONE);
        assertThat(slow.state()).isEqualTo("Stable");
        slow.world.advance(GroupFixture.SESSION_MS / 2);
        assertThat(slow.heartbeat(ids.get(0), 1)).as("the other one was silent").isEqualTo(Errors.REBALANCE_IN_PROGRESS);
    }

    @Test
    void whoWaitsIsToldWhenTheCoordinatorGoes() {
        String a = f.newMemberId();
        var join = f.join(a);
        f.log.stall();
        var commit = f.commitLater(9, commitRequest("", -1, "t", 0, 1).setGroupId("other"));
        f.resign();
        assertThat(f.world.get(join).errorCode()).isEqualTo(Errors.NOT_COORDINATOR.code());
        assertThat(error(f.world.get(commit))).isEqualTo(Errors.NOT_COORDINATOR);
    }

    @Test
    void aDeposedCoordinatorDoesNotAnswerFromItsState() {
        f.commit("", -1, "t", 0, 1);
        f.log.newEpoch(0, 99);
        var read = f.world.get(f.coordinator.fetchOffsets(GroupFixture.version(9), new org.apache.kafka.common.message.OffsetFetchRequestData
                .OffsetFetchRequestGroup().setGroupId("g").setTopics(null), false));
        assertThat(read.errorCode()).isEqualTo(Errors.NOT_COORDINATOR.code());
    }

    @Test
    void whatComesDuringAnAppendGoesAsOneBatch() {
        f.log.stall();
        List<CompletableFuture<OffsetCommitResponseData>> commits = new ArrayList<>();
        int before = f.log.appends();
        for (int i = 0; i < 100; i++) {
            commits.add(f.commitLater(9, commitRequest("", -1, "t", i, i)));
        }
        f.log.resume();
        commits.forEach(commit -> assertThat(error(f.world.get(commit))).isEqualTo(Errors.NONE));
        assertThat(f.log.appends() - before).isEqualTo(2);
    }

    @Test
    void aDiskThatStallsForLongIsNotPaidWithHeap() {
        f.log.stall();
        var request = commitRequest("", -1, "t", 0, 1);
        request.topics().get(0).partitions().get(0).setCommittedMetadata("x".repeat(4_000));
        int accepted = 0;
        CompletableFuture<OffsetCommitResponseData> last = f.commitLater(9, request);
        while (!last.isDone() && accepted++ < 10_000) {
            last = f.commitLater(9, request);
        }
        assertThat(error(f.world.get(last))).isEqualTo(Errors.COORDINATOR_NOT_AVAILABLE);
        assertThat(accepted).isBetween(1_000, 9_000);
        f.log.resume();
        assertThat(f.commit(9, request)).isEqualTo(Errors.NONE);
    }

    /** Old clients (OffsetCommit 2 to 4) say how long; the largest number means for ever. */
    @Test
    void anOffsetToBeKeptForEverIsNotTakenForOneThatExpiredLongAgo() {
        assertThat(f.commit(3, commitRequest("", -1, "t", 0, 5).setRetentionTimeMs(Long.MAX_VALUE))).isEqualTo(Errors.NONE);
        f.world.advance(3_600_000);
        assertThat(f.committed("t", 0)).isEqualTo(5);
    }

    @Test
    void damageKeepsThePartitionUnavailableUntilItIsMended() {
        f.log.write(0, MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(
                GroupRecordCodec.encodeKey(new GroupKey.OffsetCommit("g", "t", 0)), new byte[] {0, 9, 1})));
        f.restart();
        assertThat(f.commit("", -1, "t", 0, 1)).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    }
}
