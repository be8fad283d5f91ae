package org.milena.connector.client;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordMetadata;

/**
 * A branch of a distributed transaction, while it is open: a Kafka transaction of its own, which begins with what is first sent in it. What is sent
 * belongs to this branch or fails: once it has ended, nothing can be sent in it (rules 19). Thread-safe; sends are serialised, and another
 * thread may end the branch during a send.
 */
public final class Branch implements BatchOwner {

    private final BranchXid xid;
    private final Cluster cluster;
    private final ResourceManager manager;
    private final int timeoutMs;
    private final Partitioner partitioner = new Partitioner();
    private final ReentrantLock sending = new ReentrantLock();
    /** By group. Guarded by {@link #sending}. */
    private final Map<String, Map<TopicPartition, GroupOffset>> offsets = new HashMap<>();
    private TransactionalId id;
    private volatile ProducerIdentity identity;
    private volatile boolean ended;
    private volatile ClientException doom;

    Branch(BranchXid xid, Cluster cluster, ResourceManager manager, int timeoutMs) {
        this.xid = xid;
        this.cluster = cluster;
        this.manager = manager;
        this.timeoutMs = timeoutMs;
    }

    public BranchXid xid() {
        return xid;
    }

    /** As {@link #send(Cluster, List)}, by the client that the branch was begun with. */
    public List<RecordMetadata> send(List<OutboundRecord> records) throws ClientException {
        return send(cluster, records);
    }

    /**
     * Sends within the branch.
     *
     * @param sender whose limits and patience hold; of the same broker as the branch's client
     * @throws ClientException the branch can only be rolled back now
     */
    public List<RecordMetadata> send(Cluster sender, List<OutboundRecord> records) throws ClientException {
        begin();
        try {
            return new Delivery(sender, this, Deadline.after(sender.config().deliveryTimeoutMs())).deliver(records);
        } catch (ClientException e) {
            doom(e);
            throw e;
        } finally {
            sending.unlock();
        }
    }

    /**
     * Makes offsets of a group a part of the branch: they hold once it is committed. The group's coordinator checks the member now, and not when the
     * branch is committed.
     *
     * @throws ClientException the branch can only be rolled back now
     */
    public void sendOffsets(GroupMember member, Map<TopicPartition, GroupOffset> committed) throws ClientException {
        begin();
        try {
            new GroupCommit(cluster, this, member, committed).send(deadline());
            offsets.computeIfAbsent(member.groupId(), group -> new HashMap<>()).putAll(committed);
        } catch (ClientException e) {
            doom(e);
            throw e;
        } finally {
            sending.unlock();
        }
    }

    /** The branch can only be rolled back from here on. */
    public void doom(String why) {
        doom(ClientException.of(why, Errors.INVALID_TXN_STATE));
    }

    /** The first reason counts. */
    private void doom(ClientException why) {
        if (doom == null) {
            doom = why;
        }
    }

    /** Why it can only be rolled back; or null. */
    public ClientException doomed() {
        return doom;
    }

    private void begin() throws ClientException {
        sending.lock();
        try {
            checkOpen();
            if (doom != null) {
                throw ClientException.of("The transaction can only be rolled back: " + doom.getMessage(), Errors.INVALID_TXN_STATE);
            }
        } catch (ClientException e) {
            sending.unlock();
            throw e;
        }
    }

    private void checkOpen() throws ClientException {
        if (ended) {
            throw ClientException.of("The transaction has ended", Errors.INVALID_TXN_STATE);
        }
    }

    private Deadline deadline() {
        return Deadline.after(cluster.config().deliveryTimeoutMs());
    }

    // ---- for the resource manager

    /** False once it is being committed or rolled back. */
    public boolean isOpen() {
        return !ended;
    }

    /** Nothing is sent any more; waits for a send that is under way. */
    void finish() {
        sending.lock();
        ended = true;
        sending.unlock();
    }

    /** Nothing is sent any more; a send that is under way fails, by itself or for the broker's fencing. */
    void cut() {
        ended = true;
    }

    /** What the broker knows it by; null when nothing was sent. */
    BranchName name() {
        ProducerIdentity known = identity;
        return known == null ? null : new BranchName(id.name(), known.id(), known.epoch(), xid);
    }

    /** What is to be there when the broker votes. Once it is finished. */
    BranchContents contents() {
        sending.lock();
        try {
            return identity == null ? BranchContents.NONE : new BranchContents(identity.sent(), offsets.entrySet().stream().flatMap(group ->
                    group.getValue().entrySet().stream().map(each ->
                            new BranchContents.Offset(group.getKey(), each.getKey(), each.getValue().offset()))).toList());
        } finally {
            sending.unlock();
        }
    }

    /** The broker has ended it: another may take its transactional id. */
    void release() {
        id.endedAfter(identity);
        manager.giveBack(id);
    }

    // ---- for Delivery and GroupCommit

    @Override
    public Partitioner partitioner() {
        return partitioner;
    }

    @Override
    public String transactionalId() {
        return id.name();
    }

    /** As {@link #cut} reads what this writes, and the other way round, either of them sees that the other was first. */
    @Override
    public ProducerIdentity identity(Deadline deadline) throws ClientException {
        if (identity == null) {
            if (id == null) {
                cluster.requireBranches(deadline); // it may not have been there to be asked before
                id = manager.takeId(cluster, deadline);
            }
            identity = id.begin(cluster, timeoutMs, deadline);
        }
        checkOpen();
        return identity;
    }

    /** The branch is lost with it. */
    @Override
    public boolean renewIdentity() {
        return false;
    }
}
