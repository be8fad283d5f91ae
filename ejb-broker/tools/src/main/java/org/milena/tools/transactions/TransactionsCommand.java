package org.milena.tools.transactions;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.List;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.milena.tools.transactions.Arguments.Command;
import org.milena.tools.transactions.OperatorMessages.Action;
import org.milena.tools.transactions.WaitingBranch.State;

/** {@code milena-transactions}: lists XA branches that wait for their transaction manager, and ends one without it. */
public final class TransactionsCommand {

    private final BufferedReader in;
    private final PrintStream out;
    private final PrintStream err;

    TransactionsCommand(BufferedReader in, PrintStream out, PrintStream err) {
        this.in = in;
        this.out = out;
        this.err = err;
    }

    public static void main(String... args) {
        System.exit(new TransactionsCommand(new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset())), System.out, System.err).run(args));
    }

    /** @return the exit code */
    int run(String... args) {
        try {
            Arguments wanted = Arguments.parse(args);
            switch (wanted.command()) {
                case HELP -> out.println(Arguments.USAGE);
                case LIST -> list(wanted);
                case DESCRIBE -> describe(wanted);
                default -> change(wanted);
            }
            return 0;
        } catch (ToolException e) {
            err.println(e.getMessage() + ".");
            if (e.isUsage()) {
                err.println();
                err.println(Arguments.USAGE);
            }
            return 1;
        }
    }

    private static Brokers brokers(Arguments wanted) {
        return new Brokers(wanted.bootstrap(), wanted.timeoutMs());
    }

    private static List<WaitingBranch> find(Arguments wanted) throws ToolException {
        return brokers(wanted).list().stream().filter(each -> each.fits(wanted)).toList();
    }

    private void list(Arguments wanted) throws ToolException {
        List<WaitingBranch> found = find(wanted);
        if (found.isEmpty()) {
            out.println("No branch waits for its transaction manager.");
        } else {
            Report.list(found, out);
        }
    }

    private void describe(Arguments wanted) throws ToolException {
        List<WaitingBranch> found = find(wanted);
        if (found.isEmpty() && wanted.xid() != null) {
            throw notWaiting(wanted);
        } else if (found.isEmpty()) {
            out.println("No branch waits for its transaction manager.");
        } else {
            Report.describe(found, out);
        }
    }

    private static ToolException notWaiting(Arguments wanted) {
        return new ToolException("No branch " + wanted.xid() + " waits for its transaction manager; list shows those that do");
    }

    private void change(Arguments wanted) throws ToolException {
        List<WaitingBranch> found = find(wanted);
        if (found.isEmpty()) {
            throw notWaiting(wanted);
        }
        if (found.size() > 1) {
            throw new ToolException("Xid " + wanted.xid() + " is that of " + found.size() + " branches: say which one by --resource-manager or"
                    + " --transactional-id, as list shows them");
        }
        WaitingBranch branch = found.get(0);
        if (wanted.command() == Command.FORGET) {
            forget(wanted, branch);
        } else {
            complete(wanted, branch, wanted.command() == Command.COMMIT);
        }
    }

    private void complete(Arguments wanted, WaitingBranch branch, boolean commit) throws ToolException {
        if (branch.state() != State.PREPARED) {
            completedBefore(branch, commit, branch.state() == State.COMMITTED);
            return;
        }
        confirm(wanted, "Branch " + branch.xid() + " of resource manager " + branch.resourceManager() + " (transactional id " + branch.transactionalId()
                + ") has been in doubt for " + branch.age() + "\nand holds back " + Report.partitions(branch, ", ") + ".\n\n"
                + "This " + (commit ? "commits it" : "rolls it back") + " without its transaction manager: a heuristic decision, which can't be undone. "
                + (commit ? "Its records\nbecome readable, its offsets count." : "Its records\nare never read, its offsets never count.")
                + " Nobody here knows what the other resources of the transaction did: look at\n"
                + "them, and at the log of the transaction manager, first. If that decided otherwise, or does, the transaction is torn, and\n"
                + "people have to mend it. When the transaction manager asks for the branch it is answered "
                + (commit ? "XA_HEURCOM" : "XA_HEURRB") + ", until it forgets it.");
        int code = brokers(wanted).change(commit ? Action.COMMIT : Action.ROLLBACK, branch);
        switch (code) {
            case XAResource.XA_OK -> out.println("Branch " + branch.xid() + " is " + (commit ? "committed" : "rolled back")
                    + ". Its transaction manager is answered " + (commit ? "XA_HEURCOM" : "XA_HEURRB") + " until it forgets the branch.");
            case XAException.XA_HEURCOM, XAException.XA_HEURRB -> completedBefore(branch, commit, code == XAException.XA_HEURCOM);
            case XAException.XAER_NOTA -> throw new ToolException("Branch " + branch.xid()
                    + " does not wait any more: its transaction manager has ended it just now. Nothing was done");
            default -> throw new ToolException("Nothing was done: XA code " + code);
        }
    }

    private void completedBefore(WaitingBranch branch, boolean commit, boolean committed) throws ToolException {
        String what = "an operator has " + (committed ? "committed" : "rolled back") + " it before";
        if (commit != committed) {
            throw new ToolException("Branch " + branch.xid() + " can't be " + (commit ? "committed" : "rolled back") + ": " + what);
        }
        out.println("Branch " + branch.xid() + ": " + what + ".");
    }

    private void forget(Arguments wanted, WaitingBranch branch) throws ToolException {
        if (branch.state() == State.PREPARED) {
            throw new ToolException("Branch " + branch.xid() + " is in doubt: there is no outcome to forget. Commit it, or roll it back, first");
        }
        confirm(wanted, "An operator has " + (branch.state() == State.COMMITTED ? "committed" : "rolled back") + " branch " + branch.xid()
                + " of resource manager " + branch.resourceManager() + " (transactional id " + branch.transactionalId() + ").\n\n"
                + "This takes away the memory of it. A transaction manager that still knows the branch is answered XAER_NOTA then, and believes\n"
                + "that all went as it decided. Forget what the transaction manager has been told, or what belongs to one that is gone for good.");
        int code = brokers(wanted).change(Action.FORGET, branch);
        if (code != XAResource.XA_OK && code != XAException.XAER_NOTA) {
            throw new ToolException("Nothing was done: XA code " + code);
        }
        out.println("Branch " + branch.xid() + " is forgotten.");
    }

    /** @throws ToolException the operator does not want it */
    private void confirm(Arguments wanted, String meaning) throws ToolException {
        out.println(meaning);
        out.println();
        if (wanted.confirmed()) {
            return;
        }
        out.print("Type " + wanted.command().word() + " to go on: ");
        out.flush();
        String answer;
        try {
            answer = in.readLine();
        } catch (IOException e) {
            answer = null;
        }
        if (answer == null || !answer.strip().equals(wanted.command().word())) {
            throw new ToolException("Not confirmed: nothing was done");
        }
    }
}
