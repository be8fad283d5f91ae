package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.log.PowerCutBroker.OFFSETS;
import static org.milena.broker.log.PowerCutBroker.T;
import static org.milena.broker.log.PowerCutBroker.TIMEOUT_MS;
import static org.milena.broker.log.PowerCutBroker.U;

import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.milena.broker.transaction.BranchContent;
import org.milena.broker.transaction.BranchContent.Offset;
import org.milena.broker.transaction.BranchContent.Records;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.RecoveredBranch;
import org.milena.broker.transaction.XaAnswer;

/**
 * The power fails before each single write and fsync of prepare, commit and recover, and every unsynced byte is gone; or some. A transaction
 * manager with a log of its own recovers; afterwards it, the topics and the group's
 * offset agree (invariant 8, rules 13 and 16).
 */
class PrepareCrashTest {

    private static final String MANAGER = "crm";
    private static final List<String> ALL = List.of("one", "two");

    enum Way { COMMIT, ROLL_BACK, ONE_PHASE }

    /** The worst of power cuts: what is not synced is gone. */
    static final Random NOTHING = new Nothing();

    private static final class Nothing extends Random {
        private static final long serialVersionUID = 1;

        @Override
        public int nextInt(int bound) {
            return 0;
        }
    }

    /** One branch as its transaction manager sees it; its memory survives everything. */
    private static final class Manager {
        private final PowerCutBroker broker;
        private final Way way;
        private BranchRequest branch;
        private XaAnswer vote;
        private boolean willCommit;
        private XaAnswer end;

        Manager(PowerCutBroker broker, Way way) {
            this.broker = broker;
            this.way = way;
        }

        void run() {
            long producerId = broker.init("id");
            boolean sent = producerId >= 0 && broker.send(T, "id", producerId, 0, "one", "two") && broker.send(U, "id", producerId, 0, "one", "two")
                    && broker.sendOffset("id", producerId, 7);
            if (!sent) {
                return;
            }
            branch = new BranchRequest("id", producerId, (short) 0, new BranchId(1, new byte[] {1}, new byte[] {2}), MANAGER);
            Set<BranchContent> acknowledged = Set.of(new Records(broker.topicId(T), 0, 1), new Records(broker.topicId(U), 0, 1), new Offset("g", T, 7));
            if (way == Way.ONE_PHASE) {
                end = broker.call(() -> broker.coordinator().branches().commitInOnePhase(branch, acknowledged));
                return;
            }
            vote = broker.call(() -> broker.coordinator().branches().prepare(branch, acknowledged));
            willCommit = way == Way.COMMIT && vote == XaAnswer.OK;
            end = broker.call(() -> broker.coordinator().branches().decide(branch, willCommit));
        }

        /** As Narayana does it: what recover does not list has been completed. */
        boolean recover() {
            List<RecoveredBranch> found = broker.call(() -> broker.coordinator().branches().recover(MANAGER));
            if (found == null) {
                return false;
            }
            for (RecoveredBranch each : found) {
                XaAnswer answer = broker.call(() -> broker.coordinator().branches().decide(each.request(), willCommit));
                if (answer != XaAnswer.OK) {
                    assertThat(answer).as("recovery is told to come again").isIn(XaAnswer.UNAVAILABLE, null);
                    return false;
                }
            }
            return true;
        }
    }

    /** @return whether the power was cut before all was over */
    private static boolean run(Way way, long cut, long recoveryCut, Random random, boolean hangingAllowed) {
        PowerCutBroker broker = new PowerCutBroker();
        Manager manager = new Manager(broker, way);
        broker.cutBefore(cut);
        manager.run();
        boolean wasCut = broker.wasCut();
        broker.powerCut(random);
        broker.cutBefore(recoveryCut);
        if (start(broker) && manager.recover()) {
            broker.advance(TIMEOUT_MS + 30_000);
        }
        if (broker.wasCut()) {
            broker.powerCut(random);
            broker.start();
            assertThat(manager.recover()).as("recovery").isTrue();
            broker.advance(TIMEOUT_MS + 30_000);
        }
        broker.cutBefore(Long.MAX_VALUE);
        agree(broker, manager, hangingAllowed);
        return wasCut;
    }

    private static boolean start(PowerCutBroker broker) {
        try {
            broker.start();
            return true;
        } catch (RuntimeException e) {
            assertThat(broker.wasCut()).as("%s", e).isTrue();
            return false;
        }
    }

    private static void agree(PowerCutBroker broker, Manager manager, boolean hangingAllowed) {
        List<String> t = broker.committed(T);
        assertThat(broker.committed(U)).as("all or nothing").isEqualTo(t);
        assertThat(t).isIn(ALL, List.of());
        boolean committed = t.equals(ALL);
        if (committed || !hangingAllowed || broker.isStable(OFFSETS)) {
            assertThat(broker.offset()).as("the group's offset shares the fate of the records").isEqualTo(committed ? "7" : "-1");
        }
        if (manager.way != Way.ONE_PHASE) {
            assertThat(committed).as("voted %s, will commit: %s, was told %s", manager.vote, manager.willCommit, manager.end).isEqualTo(manager.willCommit);
        } else if (manager.end == XaAnswer.OK) {
            assertThat(committed).as("one phase, OK").isTrue();
        } else if (manager.branch != null) {
            XaAnswer asked = broker.call(() -> broker.coordinator().branches().commitInOnePhase(manager.branch, Set.of()));
            assertThat(asked).as("asked by Xid what became of it").isIn(committed ? List.of(XaAnswer.OK) : List.of(XaAnswer.ROLLED_BACK, XaAnswer.NOT_KNOWN));
        }
        if (!hangingAllowed) {
            assertThat(broker.isStable(T) && broker.isStable(U) && broker.isStable(OFFSETS)).as("no reader is held up").isTrue();
        }
        assertThat(broker.call(() -> broker.coordinator().branches().recover(null))).as("nothing is in doubt").isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void atEveryStep(Way way) {
        long cut = 0;
        while (run(way, cut, Long.MAX_VALUE, NOTHING, false)) {
            cut++;
        }
        assertThat(cut).as("steps of the disk").isGreaterThan(10);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void atEveryStepAndAgainInRecovery(Way way) {
        for (long cut = 0; run(way, cut, Long.MAX_VALUE, NOTHING, false); cut++) {
            for (long again = 0; again < 24; again += 3) {
                run(way, cut, again, NOTHING, false);
            }
        }
    }

    /**
     * The disk may have kept more than it had to. Then a transaction that nobody has voted on may be left open in a partition while its
     * coordinator lost it, as in Kafka ({@code kafka-transactions find-hanging}).
     */
    @Test
    void whateverElseTheDiskKept() throws Exception {
        Seeds.each(150, 5_000, random ->
                run(Way.values()[random.nextInt(3)], random.nextInt(60), random.nextBoolean() ? Long.MAX_VALUE : random.nextInt(30), random, true));
    }

    /** What a partition kept and its coordinator lost is ended: nothing hangs. */
    @Test
    void whateverElseTheDiskKeptNothingHangs() throws Exception {
        Seeds.each(150, 5_000, random ->
                run(Way.values()[random.nextInt(3)], random.nextInt(60), random.nextBoolean() ? Long.MAX_VALUE : random.nextInt(30), random, false));
    }
}
