package org.milena.broker.group.classic;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.milena.broker.group.record.Bytes;
import org.milena.broker.group.record.GroupValue.ClassicProtocol;

/** A member of a classic group. Used on the shard's executor only. */
public final class ClassicMember {

    private final String memberId;
    private final String groupInstanceId;
    private String clientId;
    private String clientHost;
    private int rebalanceTimeoutMs;
    private int sessionTimeoutMs;
    private List<ClassicProtocol> protocols;
    private Bytes assignment = Bytes.EMPTY;
    private boolean isNew;
    private CompletableFuture<JoinGroupResponseData> awaitingJoin;
    private CompletableFuture<SyncGroupResponseData> awaitingSync;

    /** @param groupInstanceId null for a dynamic member
     *  @param protocols       in the member's order of preference */
    public ClassicMember(String memberId, String groupInstanceId, String clientId, String clientHost, int rebalanceTimeoutMs,
                         int sessionTimeoutMs, List<ClassicProtocol> protocols) {
        this.memberId = memberId;
        this.groupInstanceId = groupInstanceId;
        this.clientId = clientId;
        this.clientHost = clientHost;
        this.rebalanceTimeoutMs = rebalanceTimeoutMs;
        this.sessionTimeoutMs = sessionTimeoutMs;
        this.protocols = List.copyOf(protocols);
    }

    /** The same static member under a new id, as KIP-345 replaces one; it waits for nothing. */
    ClassicMember renamed(String newMemberId) {
        ClassicMember member = new ClassicMember(newMemberId, groupInstanceId, clientId, clientHost, rebalanceTimeoutMs,
                sessionTimeoutMs, protocols);
        member.assignment = assignment;
        return member;
    }

    public String memberId() {
        return memberId;
    }

    /** Null for a dynamic member. */
    public String groupInstanceId() {
        return groupInstanceId;
    }

    public boolean isStatic() {
        return groupInstanceId != null;
    }

    public String clientId() {
        return clientId;
    }

    public String clientHost() {
        return clientHost;
    }

    public int rebalanceTimeoutMs() {
        return rebalanceTimeoutMs;
    }

    public int sessionTimeoutMs() {
        return sessionTimeoutMs;
    }

    public List<ClassicProtocol> protocols() {
        return protocols;
    }

    /** The member's metadata for a protocol; empty when it doesn't know it. */
    public Bytes metadata(String protocol) {
        for (ClassicProtocol candidate : protocols) {
            if (candidate.name().equals(protocol)) {
                return candidate.metadata();
            }
        }
        return Bytes.EMPTY;
    }

    public boolean supports(String protocol) {
        return protocols.stream().anyMatch(candidate -> candidate.name().equals(protocol));
    }

    void update(String clientId, String clientHost, int rebalanceTimeoutMs, int sessionTimeoutMs, List<ClassicProtocol> protocols) {
        this.clientId = clientId;
        this.clientHost = clientHost;
        this.rebalanceTimeoutMs = rebalanceTimeoutMs;
        this.sessionTimeoutMs = sessionTimeoutMs;
        this.protocols = List.copyOf(protocols);
    }

    public Bytes assignment() {
        return assignment;
    }

    public void setAssignment(Bytes assignment) {
        this.assignment = assignment;
    }

    /** Joined for the first time and not through a rebalance yet. */
    boolean isNew() {
        return isNew;
    }

    void setNew(boolean value) {
        isNew = value;
    }

    CompletableFuture<JoinGroupResponseData> awaitingJoin() {
        return awaitingJoin;
    }

    void setAwaitingJoin(CompletableFuture<JoinGroupResponseData> future) {
        awaitingJoin = future;
    }

    CompletableFuture<SyncGroupResponseData> awaitingSync() {
        return awaitingSync;
    }

    void setAwaitingSync(CompletableFuture<SyncGroupResponseData> future) {
        awaitingSync = future;
    }

    /** A member that waits for an answer is alive whatever its heartbeat says. */
    boolean isAwaiting() {
        return awaitingJoin != null || awaitingSync != null;
    }
}
