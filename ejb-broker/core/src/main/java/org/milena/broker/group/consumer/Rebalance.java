package org.milena.broker.group.consumer;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.assignor.GroupSpec;
import org.milena.broker.group.assignor.PartitionAssignor;
import org.milena.broker.group.record.GroupRecord;

/**
 * Works out what a member's request means for its group, in KIP-848's three steps: a changed wish or changed topics bump the
 * group epoch; a bumped group epoch makes a new target assignment; and the member goes one step towards its target. Reads
 * the state and writes records, changes nothing.
 */
final class Rebalance {

    private static final System.Logger LOG = System.getLogger(Rebalance.class.getName());

    private final ShardContext context;
    private final Settings settings;

    Rebalance(ShardContext context, Settings settings) {
        this.context = context;
        this.settings = settings;
    }

    /**
     * What a request asks for.
     *
     * @param before              the member as it is; {@link ConsumerMember#unknown} for one that joins
     * @param after               the same member with its new wishes
     * @param replaced            the id of the static member whose place it takes, else null
     * @param owned               what it says it owns, or null
     * @param subscriptionChanged its names or its expression changed
     * @param bump                that change, or another reason, makes a new epoch
     */
    record Ask(ConsumerGroup group, ConsumerMember before, ConsumerMember after, String replaced,
               List<ConsumerGroupHeartbeatRequestData.TopicPartitions> owned, boolean subscriptionChanged, boolean bump) {
    }

    /** @return the member after its step; all records that lead there are added to {@code records} */
    ConsumerMember apply(Ask ask, List<GroupRecord> records) {
        ConsumerGroup group = ask.group();
        MetadataImage image = context.metadata().get();
        int epoch = group.epoch();
        SortedMap<String, ConsumerMember> roster = null;
        if (ask.bump() || epoch == 0 || group.metadataExpired(context.clock().millis())) {
            roster = roster(ask);
            long hash = TopicMetadata.hash(image, topics(group, roster.values()));
            if (ask.bump() || epoch == 0 || hash != group.metadataHash()) {
                epoch++;
                records.add(ConsumerRecords.group(group.groupId(), epoch, hash));
                if (group.hasPartitionMetadataRecord()) {
                    records.add(ConsumerRecords.partitionMetadataTombstone(group.groupId()));
                }
            }
        }
        int targetEpoch = group.assignmentEpoch();
        Map<Uuid, Set<Integer>> target;
        if (epoch > targetEpoch && due(group)) {
            targetEpoch = epoch;
            target = assign(ask, roster == null ? roster(ask) : roster, epoch, image, records);
        } else {
            target = targetOf(ask, ask.after().memberId());
        }
        return reconcile(ask, targetEpoch, target == null ? Map.of() : target, image, records);
    }

    private boolean due(ConsumerGroup group) {
        long since = context.clock().millis() - group.assignmentTimestamp();
        return since < 0 || since >= settings.assignmentIntervalMs(group.groupId());
    }

    /** The members as they will be. */
    private static SortedMap<String, ConsumerMember> roster(Ask ask) {
        SortedMap<String, ConsumerMember> roster = new TreeMap<>(ask.group().members());
        if (ask.replaced() != null) {
            roster.remove(ask.replaced());
        }
        roster.put(ask.after().memberId(), ask.after());
        return roster;
    }

    static Set<String> topics(ConsumerGroup group, Collection<ConsumerMember> members) {
        Set<String> topics = new HashSet<>();
        members.forEach(member -> topics.addAll(group.topicsOf(member)));
        return topics;
    }

    /** A member that takes another's place takes its target too. */
    private static Map<Uuid, Set<Integer>> targetOf(Ask ask, String memberId) {
        boolean heir = ask.replaced() != null && memberId.equals(ask.after().memberId());
        return ask.group().target(heir ? ask.replaced() : memberId);
    }

    private Map<Uuid, Set<Integer>> assign(Ask ask, SortedMap<String, ConsumerMember> roster, int epoch, MetadataImage image,
                                           List<GroupRecord> records) {
        ConsumerGroup group = ask.group();
        SortedMap<String, GroupSpec.Member> members = new TreeMap<>();
        Map<Set<String>, Set<Uuid>> ids = new HashMap<>();
        Set<String> all = new HashSet<>();
        roster.forEach((memberId, member) -> {
            Set<String> topics = group.topicsOf(member);
            all.addAll(topics);
            Map<Uuid, Set<Integer>> current = targetOf(ask, memberId);
            members.put(memberId, new GroupSpec.Member(member.instanceId(),
                    ids.computeIfAbsent(topics, names -> TopicMetadata.ids(image, names)), current == null ? Map.of() : current));
        });
        PartitionAssignor assignor = assignor(roster.values());
        Map<String, Map<Uuid, Set<Integer>>> targets = assignor.assign(new GroupSpec(members, TopicMetadata.partitions(image, all)));
        for (String memberId : roster.keySet()) {
            Map<Uuid, Set<Integer>> next = targets.getOrDefault(memberId, Map.of());
            if (!next.equals(group.target(memberId))) {
                records.add(ConsumerRecords.target(group.groupId(), memberId, next));
            }
        }
        records.add(ConsumerRecords.targetEpoch(group.groupId(), epoch, context.clock().millis()));
        LOG.log(System.Logger.Level.DEBUG, () -> "Group " + group.groupId() + ": target assignment of epoch " + epoch + " by "
                + assignor.name() + " for " + roster.size() + " members: " + targets);
        return targets.get(ask.after().memberId());
    }

    /** The one that most members ask for; by name if several are asked for as often. */
    private PartitionAssignor assignor(Collection<ConsumerMember> members) {
        SortedMap<String, Integer> votes = new TreeMap<>();
        for (ConsumerMember member : members) {
            String name = member.metadata().serverAssignor();
            if (name != null && settings.assignors().get(name) != null) {
                votes.merge(name, 1, Integer::sum);
            }
        }
        return votes.isEmpty() ? settings.assignors().first() : settings.assignors().get(mostOf(votes));
    }

    static String preferredAssignor(Collection<ConsumerMember> members, String otherwise) {
        SortedMap<String, Integer> votes = new TreeMap<>();
        members.stream().map(member -> member.metadata().serverAssignor()).filter(name -> name != null)
                .forEach(name -> votes.merge(name, 1, Integer::sum));
        return votes.isEmpty() ? otherwise : mostOf(votes);
    }

    private static String mostOf(SortedMap<String, Integer> votes) {
        String most = votes.firstKey();
        for (Map.Entry<String, Integer> vote : votes.entrySet()) {
            most = vote.getValue() > votes.get(most) ? vote.getKey() : most;
        }
        return most;
    }

    private ConsumerMember reconcile(Ask ask, int targetEpoch, Map<Uuid, Set<Integer>> target, MetadataImage image, List<GroupRecord> records) {
        ConsumerMember member = ask.after();
        if (!ask.subscriptionChanged() && member.current().reconciledTo(targetEpoch)) {
            return member;
        }
        Set<Uuid> subscribed = TopicMetadata.ids(image, ask.group().topicsOf(member));
        Current next = new Reconciler(member.current(), targetEpoch, target, subscribed, (topic, partition) -> {
            String owner = ask.group().owner(topic, partition);
            return owner != null && !owner.equals(member.memberId()) && !owner.equals(ask.replaced());
        }, ask.owned()).next(ask.subscriptionChanged());
        if (next.equals(member.current())) {
            return member;
        }
        records.add(ConsumerRecords.current(ask.group().groupId(), member.memberId(), next));
        return member.with(next);
    }
}
