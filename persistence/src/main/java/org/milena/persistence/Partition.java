package org.milena.persistence;

import jakarta.persistence.Column;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Embeddable;
import jakarta.persistence.Entity;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/** Who leads a partition and who follows. Every change is a compare-and-set on {@link #getVersion()}. */
@Entity
@Table(name = "milena_partition")
public class Partition {

    /** A partition is known by its topic's id, not its name: a topic created again is another one. */
    @Embeddable
    public record Key(@Column(name = "topic_id") UUID topicId, @Column(name = "partition_index") int index) implements Serializable {
    }

    @EmbeddedId
    private Key key;

    @Column(nullable = false)
    private int leader;

    @Column(name = "leader_epoch", nullable = false)
    private int leaderEpoch;

    @Column(nullable = false, length = 4000)
    private String replicas;

    @Column(nullable = false, length = 4000)
    private String isr;

    @Version
    private long version;

    protected Partition() {
    }

    public Partition(UUID topicId, int index, int leader, int leaderEpoch, List<Integer> replicas, List<Integer> isr) {
        key = new Key(topicId, index);
        lead(leader, leaderEpoch, replicas, isr);
    }

    public final void lead(int newLeader, int newLeaderEpoch, List<Integer> newReplicas, List<Integer> newIsr) {
        leader = newLeader;
        leaderEpoch = newLeaderEpoch;
        replicas = join(newReplicas);
        isr = join(newIsr);
    }

    public UUID getTopicId() {
        return key.topicId();
    }

    public int getIndex() {
        return key.index();
    }

    /** -1 for none. */
    public int getLeader() {
        return leader;
    }

    public int getLeaderEpoch() {
        return leaderEpoch;
    }

    public List<Integer> getReplicas() {
        return split(replicas);
    }

    public List<Integer> getIsr() {
        return split(isr);
    }

    public long getVersion() {
        return version;
    }

    private static String join(List<Integer> ids) {
        return ids.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    private static List<Integer> split(String ids) {
        return ids.isEmpty() ? List.of() : Arrays.stream(ids.split(",")).map(Integer::valueOf).toList();
    }
}
