package org.milena.tools.transactions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.testing.PreparedBranches;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.XaAnswer;

/** The tool against a whole broker, by what it prints. */
class TransactionsCommandTest {

    private static final BranchId NARAYANA = new BranchId(131_077, "\0\1node-7".getBytes(StandardCharsets.US_ASCII), new byte[] {3, 'x'});
    private static final BranchId OTHER = new BranchId(1, new byte[] {9}, new byte[0]);
    private static final String XID = "131077:00016e6f64652d37:0378";

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

    private Ran run(String... args) {
        return typing("", args);
    }

    private Ran typing(String typed, String... args) {
        return Ran.with(typed, Stream.concat(Stream.of("--bootstrap-server", broker.bootstrap()), Arrays.stream(args)).toArray(String[]::new));
    }

    private BranchRequest prepared() throws Exception {
        return PreparedBranches.prepare(broker, "orders", 2, "crm-1", NARAYANA, "crm");
    }

    private static List<List<String>> table(String out) {
        return out.lines().map(line -> List.of(line.split(" {2,}"))).toList();
    }

    /** Of the transaction manager. */
    private XaAnswer commits(BranchRequest branch) throws Exception {
        return PreparedBranches.commit(broker, branch);
    }

    @Test
    void nothingWaits() {
        assertThat(run("list").ok()).isEqualTo("No branch waits for its transaction manager.\n");
        assertThat(run("describe").ok()).isEqualTo("No branch waits for its transaction manager.\n");
    }

    @Test
    void branchesOfAllResourceManagersAreListed() throws Exception {
        prepared();
        PreparedBranches.prepare(broker, "stock", 1, "erp-1", OTHER, "erp");
        List<List<String>> rows = table(run("list").ok());
        assertThat(rows.get(0)).containsExactly("Xid", "ResourceManager", "TransactionalId", "State", "Age", "Partitions");
        assertThat(rows.get(1)).hasSize(6).startsWith(XID, "crm", "crm-1", "Prepared").endsWith("orders-0,orders-1");
        assertThat(rows.get(1).get(4)).matches("(\\d+m )?\\d+s");
        assertThat(rows.get(2)).startsWith("1:09:", "erp", "erp-1", "Prepared").endsWith("stock-0");
        assertThat(rows).hasSize(3);
        assertThat(table(run("list", "--resource-manager", "erp").ok())).extracting(row -> row.get(1)).containsExactly("ResourceManager", "erp");
        assertThat(run("list", "--resource-manager", "none").ok()).isEqualTo("No branch waits for its transaction manager.\n");
    }

    @Test
    void aBranchIsDescribed() throws Exception {
        BranchRequest branch = prepared();
        PreparedBranches.prepare(broker, "stock", 1, "erp-1", OTHER, "erp");
        String one = run("describe", "--xid", XID.toUpperCase(Locale.ROOT)).ok();
        assertThat(one.replaceAll("(?m)^Prepared at:.*$", "Prepared at: T")).isEqualTo("""
                Xid:               131077:00016e6f64652d37:0378
                  Format id:       131077 (Narayana)
                  Global id:       00016e6f64652d37 "..node-7"
                  Qualifier:       0378 ".x"
                Resource manager:  crm
                Transactional id:  crm-1
                Producer:          id %d, epoch %d
                State:             prepared; it waits for the decision of its transaction manager
                Prepared at: T
                Holds back:        orders-0, orders-1
                """.formatted(branch.producerId(), branch.producerEpoch()));
        assertThat(one).containsPattern("Prepared at:       20\\d\\d-\\d\\d-\\d\\dT[0-9:.]+Z, (\\d+m )?\\d+s ago\n");
        assertThat(run("describe").ok()).startsWith(one + "\nXid:               1:09:\n").contains("  Qualifier:       none\n");
        assertThat(run("describe", "--xid", "1:0a:").failed()).isEqualTo("No branch 1:0a: waits for its transaction manager; list shows those that do.\n");
    }

    @Test
    void aBranchIsCommittedWhenTheOperatorHasReadWhatThatMeans() throws Exception {
        BranchRequest branch = prepared();
        String out = typing("commit\n", "commit", "--xid", XID).ok();
        assertThat(out.replaceFirst("for (\\d+m )?\\d+s", "for T")).isEqualTo("""
                Branch 131077:00016e6f64652d37:0378 of resource manager crm (transactional id crm-1) has been in doubt for T
                and holds back orders-0, orders-1.

                This commits it without its transaction manager: a heuristic decision, which can't be undone. Its records
                become readable, its offsets count. Nobody here knows what the other resources of the transaction did: look at
                them, and at the log of the transaction manager, first. If that decided otherwise, or does, the transaction is torn, and
                people have to mend it. When the transaction manager asks for the branch it is answered XA_HEURCOM, until it forgets it.

                Type commit to go on: Branch 131077:00016e6f64652d37:0378 is committed. Its transaction manager is answered XA_HEURCOM \
                until it forgets the branch.
                """);
        assertThat(PreparedBranches.committed(broker, "orders")).containsExactly("v0");
        assertThat(commits(branch)).isEqualTo(XaAnswer.HEURISTICALLY_COMMITTED);
        assertThat(table(run("list").ok()).get(1)).startsWith(XID, "crm", "crm-1", "HeuristicallyCommitted");
        assertThat(run("describe").ok()).contains("State:             committed by an operator; its transaction manager has not forgotten it yet\n");
        assertThat(run("commit", "--xid", XID).ok()).as("again").isEqualTo("Branch " + XID + ": an operator has committed it before.\n");
        assertThat(run("rollback", "--xid", XID).failed())
                .isEqualTo("Branch " + XID + " can't be rolled back: an operator has committed it before.\n");
    }

    @Test
    void aBranchIsRolledBackAndForgotten() throws Exception {
        BranchRequest branch = prepared();
        assertThat(run("forget", "--yes", "--xid", XID).failed())
                .isEqualTo("Branch " + XID + " is in doubt: there is no outcome to forget. Commit it, or roll it back, first.\n");
        assertThat(run("rollback", "--yes", "--xid", XID).ok()).contains("This rolls it back without its transaction manager", "Its records\nare never read, its offsets never count.", "answered XA_HEURRB, until")
                .endsWith("\n\nBranch " + XID + " is rolled back. Its transaction manager is answered XA_HEURRB until it forgets the branch.\n");
        assertThat(PreparedBranches.committed(broker, "orders")).isEmpty();
        assertThat(commits(branch)).isEqualTo(XaAnswer.HEURISTICALLY_ROLLED_BACK);
        assertThat(typing("forget\n", "forget", "--xid", XID).ok()).isEqualTo("""
                An operator has rolled back branch 131077:00016e6f64652d37:0378 of resource manager crm (transactional id crm-1).

                This takes away the memory of it. A transaction manager that still knows the branch is answered XAER_NOTA then, and believes
                that all went as it decided. Forget what the transaction manager has been told, or what belongs to one that is gone for good.

                Type forget to go on: Branch 131077:00016e6f64652d37:0378 is forgotten.
                """);
        assertThat(commits(branch)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(run("forget", "--xid", XID).failed()).isEqualTo("No branch " + XID + " waits for its transaction manager; list shows those that do.\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "yes\n", "rollback\n", "Commit\n"})
    void whatIsNotConfirmedIsNotDone(String typed) throws Exception {
        BranchRequest branch = prepared();
        assertThat(typing(typed, "commit", "--xid", XID).failed()).isEqualTo("Not confirmed: nothing was done.\n");
        assertThat(table(run("list").ok()).get(1)).contains("Prepared");
        assertThat(commits(branch)).as("its transaction manager decides").isEqualTo(XaAnswer.OK);
    }

    /** Two connectors may enlist with the same Xid. */
    @Test
    void whichOfTwoBranchesMustBeSaid() throws Exception {
        BranchRequest first = prepared();
        BranchRequest second = PreparedBranches.prepare(broker, "stock", 1, "erp-1", NARAYANA, "erp");
        assertThat(run("commit", "--yes", "--xid", XID).failed()).isEqualTo("Xid " + XID + " is that of 2 branches: say which one by --resource-manager or"
                + " --transactional-id, as list shows them.\n");
        run("rollback", "--yes", "--xid", XID, "--resource-manager", "erp").ok();
        run("commit", "--yes", "--xid", XID, "--transactional-id", "crm-1").ok();
        assertThat(commits(first)).isEqualTo(XaAnswer.HEURISTICALLY_COMMITTED);
        assertThat(commits(second)).isEqualTo(XaAnswer.HEURISTICALLY_ROLLED_BACK);
    }
}
