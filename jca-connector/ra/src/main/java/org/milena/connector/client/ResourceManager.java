package org.milena.connector.client;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.milena.connector.client.BranchMessages.Action;

/**
 * The branches of distributed transactions that go by one name, and what a transaction manager does with them; as {@link XAResource} wants it, but
 * for who is associated with which. Open branches are known here; those of a process that is gone are asked of the broker. Thread-safe.
 *
 * <p>Whatever is temporary is XAER_RMFAIL: a transaction manager then comes again. XA_RBROLLBACK only where the branch can't be committed any more.
 */
public final class ResourceManager {

    /** Of the parts of a transactional id, so that none of one name can be taken for one of another. */
    public static final String SEPARATOR = "#";

    private static final System.Logger LOG = System.getLogger(ResourceManager.class.getName());

    private final String name;
    private final Predecessors predecessors;
    private final TransactionalIds ids;
    private final Map<BranchXid, Entry> branches = new ConcurrentHashMap<>();
    private final AtomicBoolean cleaned = new AtomicBoolean();
    private final AtomicBoolean recovered = new AtomicBoolean();

    /** A branch, and what was asked about it. */
    private static final class Entry {
        private final Branch branch;
        private volatile boolean prepareAsked;

        private Entry(Branch branch) {
            this.branch = branch;
        }
    }

    /**
     * @param process     this run of the server, whose name its branches go by; transactions that another of the same name has left open are rolled back
     * @param incarnation distinguishes it from others of this name in this process
     */
    public ResourceManager(ServerProcess process, String incarnation) {
        this.name = process.server();
        this.predecessors = new Predecessors(process);
        this.ids = new TransactionalIds(process.prefix() + incarnation + SEPARATOR);
    }

    public String name() {
        return name;
    }

    // ---- open branches

    /** @throws XAException XAER_DUPID: there is one */
    public Branch begin(Cluster cluster, Xid xid, int timeoutMs) throws XAException {
        BranchXid own = BranchXid.of(xid);
        Entry entry = new Entry(new Branch(own, cluster, this, timeoutMs));
        if (branches.putIfAbsent(own, entry) != null) {
            throw failure(XAException.XAER_DUPID, "There is a branch " + own + " already", null);
        }
        return entry.branch;
    }

    /** @throws XAException XAER_NOTA: there is none; XAER_PROTO: it has ended */
    public Branch join(Xid xid) throws XAException {
        Entry entry = branches.get(BranchXid.of(xid));
        if (entry == null) {
            throw failure(XAException.XAER_NOTA, "There is no branch " + BranchXid.of(xid), null);
        }
        if (!entry.branch.isOpen()) {
            throw failure(XAException.XAER_PROTO, "Branch " + entry.branch.xid() + " has ended", null);
        }
        return entry.branch;
    }

    // ---- two phases

    /** @return XA_OK, or XA_RDONLY: nothing was sent in it, and nothing is left of it */
    public int prepare(Cluster cluster, Xid xid) throws XAException {
        Entry entry = branches.get(BranchXid.of(xid));
        if (entry == null) {
            throw failure(XAException.XAER_NOTA, "There is no branch " + BranchXid.of(xid), null);
        }
        if (isOver(cluster, entry)) {
            return XAResource.XA_RDONLY;
        }
        entry.prepareAsked = true;
        int code = requests(cluster).ask(Action.PREPARE, entry.branch.name(), entry.branch.contents());
        switch (code) {
            case XAResource.XA_OK:
                return XAResource.XA_OK;
            case XAException.XA_RBROLLBACK, XAException.XAER_NOTA: // the broker has rolled it back
                throw rolledBack(entry);
            default:
                throw failure(code, "Branch " + entry.branch.xid() + " could not be prepared", null);
        }
    }

    public void commit(Cluster cluster, Xid xid, boolean onePhase) throws XAException {
        Entry entry = branches.get(BranchXid.of(xid));
        if (entry == null) {
            check(requests(cluster).ask(Action.COMMIT, inDoubt(cluster, xid)), xid);
        } else if (entry.prepareAsked) {
            commit(cluster, entry);
        } else if (onePhase) {
            commitInOnePhase(cluster, entry);
        } else {
            throw failure(XAException.XAER_PROTO, "Branch " + entry.branch.xid() + " is not prepared", null);
        }
    }

    private void commit(Cluster cluster, Entry entry) throws XAException {
        int code = requests(cluster).ask(Action.COMMIT, entry.branch.name());
        if (code == XAResource.XA_OK) {
            end(entry);
        } else if (code != XAException.XAER_RMFAIL) { // then it is asked again, and only here it is known to be committed by itself
            branches.remove(entry.branch.xid());
        }
        check(code, entry.branch.xid());
    }

    private void commitInOnePhase(Cluster cluster, Entry entry) throws XAException {
        if (isOver(cluster, entry)) {
            return;
        }
        int code = requests(cluster).ask(Action.COMMIT_ONE_PHASE, entry.branch.name(), entry.branch.contents());
        switch (code) {
            case XAResource.XA_OK -> end(entry);
            case XAException.XA_RBROLLBACK, XAException.XA_HEURRB, XAException.XAER_NOTA -> throw rolledBack(entry);
            default -> {
                branches.remove(entry.branch.xid());
                throw failure(code, "Nobody knows whether branch " + entry.branch.xid() + " was committed", null);
            }
        }
    }

    public void rollback(Cluster cluster, Xid xid) throws XAException {
        Entry entry = branches.remove(BranchXid.of(xid));
        if (entry == null) {
            check(requests(cluster).ask(Action.ROLLBACK, inDoubt(cluster, xid)), xid);
            return;
        }
        entry.branch.cut();
        BranchName sent = entry.branch.name();
        if (sent == null) {
            return;
        }
        int code = requests(cluster).ask(Action.ROLLBACK, sent);
        if (code == XAResource.XA_OK) {
            entry.branch.release();
        } else if (entry.prepareAsked) {
            check(code, xid);
        }
        // Else nobody can commit it, and the broker rolls it back by its timeout.
    }

    public void forget(Cluster cluster, Xid xid) throws XAException {
        branches.remove(BranchXid.of(xid));
        check(requests(cluster).ask(Action.FORGET, inDoubt(cluster, xid)), xid);
    }

    /**
     * All that are prepared, or were ended by an operator, of this and of former processes. The first time it waits longer for the broker, which may
     * be starting in the same server: some transaction managers recover once, and what they don't hear of then they roll back later.
     *
     * @throws XAException XAER_RMFAIL: nobody can tell now
     */
    public Xid[] recover(Cluster cluster) throws XAException {
        List<BranchName> found = listed(cluster, recovered.compareAndSet(false, true));
        clean(cluster);
        return found.stream().map(BranchName::xid).toArray(Xid[]::new);
    }

    /**
     * What a process of the same name has left open when it died is rolled back now, rather than when its time is over: until then it hides
     * all later records from read_committed consumers. Does nothing the second time.
     */
    private void clean(Cluster cluster) {
        if (!cleaned.compareAndSet(false, true)) {
            return;
        }
        try {
            predecessors.rollBack(cluster);
        } catch (ClientException e) {
            cleaned.set(false);
            LOG.log(System.Logger.Level.DEBUG, "What was left open of " + name + " is not known yet", e);
        }
    }

    // ---- for branches

    TransactionalId takeId(Cluster cluster, Deadline deadline) {
        clean(cluster);
        return ids.take(() -> cluster.statePartitions(deadline));
    }

    void giveBack(TransactionalId id) {
        ids.giveBack(id);
    }

    // ----

    private BranchRequests requests(Cluster cluster) {
        return new BranchRequests(cluster, name);
    }

    /** True: nothing was sent in it, and there is nothing to vote on. @throws XAException it was doomed, and is rolled back now */
    private boolean isOver(Cluster cluster, Entry entry) throws XAException {
        Branch branch = entry.branch;
        branch.finish();
        ClientException doom = branch.doomed();
        if (doom != null) {
            rollback(cluster, branch.xid());
            throw failure(XAException.XA_RBROLLBACK, "Rolled back: " + doom.getMessage(), doom);
        }
        if (branch.name() == null) {
            branches.remove(branch.xid());
            return true;
        }
        return false;
    }

    private void end(Entry entry) {
        branches.remove(entry.branch.xid());
        entry.branch.release();
    }

    /** Its transactional id is not used again: who knows what the broker has made of it. */
    private XAException rolledBack(Entry entry) {
        branches.remove(entry.branch.xid());
        return failure(XAException.XA_RBROLLBACK, "The broker has rolled back branch " + entry.branch.xid(), null);
    }

    /** @throws XAException XAER_NOTA: the broker does not list it; XAER_RMFAIL: nobody can tell now */
    private BranchName inDoubt(Cluster cluster, Xid xid) throws XAException {
        BranchXid wanted = BranchXid.of(xid);
        return listed(cluster, false).stream().filter(each -> each.xid().equals(wanted)).findFirst()
                .orElseThrow(() -> failure(XAException.XAER_NOTA, "The broker lists no branch " + wanted + " of " + name, null));
    }

    private List<BranchName> listed(Cluster cluster, boolean patient) throws XAException {
        try {
            return requests(cluster).recover(patient);
        } catch (ClientException e) {
            throw failure(XAException.XAER_RMFAIL, "The branches of " + name + " can't be listed: " + e.getMessage(), e);
        }
    }

    private static void check(int code, Xid xid) throws XAException {
        if (code != XAResource.XA_OK) {
            throw failure(code, "Branch " + BranchXid.of(xid), null);
        }
    }

    private static XAException failure(int code, String message, Throwable cause) {
        XAException failure = new XAException(message);
        failure.errorCode = code;
        failure.initCause(cause);
        return failure;
    }
}
