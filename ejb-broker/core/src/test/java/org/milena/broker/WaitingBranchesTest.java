package org.milena.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.api.TransactionCoordination.BranchAnswer;
import org.milena.broker.api.TransactionsUnavailableException;
import org.milena.broker.api.WaitingBranch;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.testing.PreparedBranches;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.XaAnswer;

/** What the console asks of branches in doubt, of a whole broker. */
class WaitingBranchesTest {

    @TempDir
    Path dir;
    private EmbeddedBroker broker;

    @BeforeEach
    void start() {
        broker = EmbeddedBroker.start(dir);
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    private WaitingBranches waiting() {
        return broker.broker().waitingBranches();
    }

    private BranchRequest prepared(String manager, int partitions) throws Exception {
        return PreparedBranches.prepare(broker, manager + "-topic", partitions, manager + "-1", new BranchId(7, new byte[] {1}, manager.getBytes()), manager);
    }

    private WaitingBranch only() throws Exception {
        List<WaitingBranch> all = waiting().list();
        assertThat(all).hasSize(1);
        return all.get(0);
    }

    /** While the markers are on their way. */
    private static BranchAnswer settled(Callable<BranchAnswer> question) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            try {
                return question.call();
            } catch (TransactionsUnavailableException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
            }
        }
    }

    @Test
    void branchesOfAllResourceManagersAreListedTheOldestFirst() throws Exception {
        assertThat(waiting().list()).isEmpty();
        Instant before = Instant.ofEpochMilli(System.currentTimeMillis());
        BranchRequest crm = prepared("crm", 2);
        prepared("erp", 1);
        List<WaitingBranch> all = waiting().list();
        assertThat(all).extracting(WaitingBranch::preparedAt).isSorted();
        WaitingBranch first = all.stream().filter(each -> each.resourceManager().equals("crm")).findAny().orElseThrow();
        assertThat(first.preparedAt()).isBetween(before, Instant.now());
        assertThat(first).isEqualTo(new WaitingBranch("7:01:63726d", "crm", "crm-1", crm.producerId(), crm.producerEpoch(), first.preparedAt(),
                WaitingBranch.State.IN_DOUBT, List.of("crm-topic-0", "crm-topic-1")));
        assertThat(all).extracting(WaitingBranch::resourceManager).containsExactlyInAnyOrder("crm", "erp");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBranchIsCompletedAndForgotten(boolean commit) throws Exception {
        BranchRequest name = prepared("crm", 1);
        WaitingBranch branch = only();
        assertThatThrownBy(() -> waiting().forget(branch)).as("in doubt").isInstanceOf(TransactionsUnavailableException.class)
                .hasMessage("What becomes of XA branch 7:01:63726d can't be said now");
        assertThat(waiting().complete(branch, commit)).isEqualTo(BranchAnswer.DONE);
        BranchAnswer before = commit ? BranchAnswer.COMMITTED_BEFORE : BranchAnswer.ROLLED_BACK_BEFORE;
        assertThat(settled(() -> waiting().complete(branch, commit))).as("again").isEqualTo(before);
        assertThat(settled(() -> waiting().complete(branch, !commit))).as("the opposite").isEqualTo(before);
        assertThat(only().state()).isEqualTo(commit ? WaitingBranch.State.COMMITTED : WaitingBranch.State.ROLLED_BACK);
        assertThat(PreparedBranches.commit(broker, name)).isEqualTo(commit ? XaAnswer.HEURISTICALLY_COMMITTED : XaAnswer.HEURISTICALLY_ROLLED_BACK);
        assertThat(PreparedBranches.committed(broker, "crm-topic")).isEqualTo(commit ? List.of("v0") : List.of());
        assertThat(settled(() -> waiting().forget(branch))).isEqualTo(BranchAnswer.DONE);
        assertThat(settled(() -> waiting().forget(branch))).isEqualTo(BranchAnswer.NOT_WAITING);
        assertThat(settled(() -> waiting().complete(branch, commit))).isEqualTo(BranchAnswer.NOT_WAITING);
        assertThat(waiting().list()).isEmpty();
    }

    @Test
    void whatCanNotBeSaidIsNoList() throws Exception {
        prepared("crm", 1);
        broker.broker().transactions().shutdown();
        assertThatThrownBy(() -> waiting().list()).isInstanceOf(TransactionsUnavailableException.class)
                .hasMessageStartingWith("Which XA branches wait can't be said now: ");
    }
}
