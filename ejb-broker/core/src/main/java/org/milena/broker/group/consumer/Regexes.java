package org.milena.broker.group.consumer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupValue.ConsumerGroupRegularExpression;
import org.milena.broker.coordinator.Result;

/**
 * The regular-expression subscriptions of a shard's groups. Expressions are resolved off the shard's thread; the shard's own
 * timer comes for the outcome, which becomes records, and a new group epoch if it differs. A group resolves at most every
 * {@link #BACK_OFF_MS}: when an expression is new, when topics were created or the shard was loaded, and when the last resolution has become old.
 */
final class Regexes {

    /** Least time between two resolutions of one group; Kafka's. */
    static final long BACK_OFF_MS = 10_000;
    /** How often the shard looks whether a resolution is done, while one is under way. */
    static final long POLL_MS = 20;

    private static final System.Logger LOG = System.getLogger(Regexes.class.getName());

    private final ShardContext context;
    private final Settings settings;
    private final RegexResolver resolver;
    private final Map<String, CompletableFuture<Map<String, Set<String>>>> underWay = new HashMap<>();
    /** The image each group's expressions were last resolved against, since the shard was loaded: image versions do not outlive a broker. */
    private final Map<String, Long> resolvedAt = new HashMap<>();
    private long versionWithNewTopics;

    Regexes(ShardContext context, Settings settings, RegexResolver resolver) {
        this.context = context;
        this.settings = settings;
        this.resolver = resolver;
    }

    /** @param bump the new expression's topics are known, or its old one is gone: the assignment has to change now */
    record Change(boolean changed, boolean bump) {
        private static final Change NONE = new Change(false, false);
    }

    /** @throws org.apache.kafka.common.errors.InvalidRegularExpression nobody had it before and it cannot be read */
    Change update(ConsumerGroup group, ConsumerMember before, ConsumerMember after, List<GroupRecord> records) {
        if (Objects.equals(before.regex(), after.regex())) {
            return Change.NONE;
        }
        if (before.hasRegex() && subscribers(group, before.regex()) == 1) {
            records.add(ConsumerRecords.regexTombstone(group.groupId(), before.regex()));
        }
        if (!after.hasRegex()) {
            return new Change(true, before.hasRegex());
        }
        if (subscribers(group, after.regex()) == 0) {
            RegexResolver.compile(after.regex());
            return new Change(true, false);
        }
        return new Change(true, group.resolved().containsKey(after.regex()));
    }

    /** Adds tombstones of the expressions that nobody but the leaving members was subscribed to. */
    static void removed(ConsumerGroup group, Collection<ConsumerMember> staying, List<GroupRecord> records) {
        Set<String> wanted = ConsumerGroup.regexes(staying);
        group.resolved().keySet().stream().filter(regex -> !wanted.contains(regex))
                .forEach(regex -> records.add(ConsumerRecords.regexTombstone(group.groupId(), regex)));
    }

    private static long subscribers(ConsumerGroup group, String regex) {
        return group.members().values().stream().filter(member -> regex.equals(member.regex())).count();
    }

    /** Starts a resolution if one is due. Called after a heartbeat's records were replayed. */
    void refresh(ConsumerGroup group) {
        Set<String> regexes = group.subscribedRegexes();
        if (regexes.isEmpty()) {
            resolvedAt.remove(group.groupId());
            return;
        }
        if (underWay.containsKey(group.groupId())) {
            return;
        }
        long now = context.clock().millis();
        long last = group.resolved().values().stream().mapToLong(ConsumerGroupRegularExpression::timestamp).max().orElse(Long.MIN_VALUE / 2);
        Long version = resolvedAt.get(group.groupId());
        boolean unresolved = !group.resolved().keySet().containsAll(regexes);
        boolean due = unresolved || version == null || version < versionWithNewTopics || now > last + settings.broker().consumer().regexRefreshIntervalMs();
        if (!due || now <= last + BACK_OFF_MS) {
            return;
        }
        MetadataImage image = context.metadata().get();
        underWay.put(group.groupId(), resolver.resolve(Set.copyOf(regexes), image));
        await(group.groupId(), image.version());
    }

    private void await(String groupId, long version) {
        context.timer().schedule("consumer-regex:" + groupId, POLL_MS, () -> {
            CompletableFuture<Map<String, Set<String>>> resolution = underWay.get(groupId);
            if (!resolution.isDone()) {
                await(groupId, version);
                return Result.of(null);
            }
            underWay.remove(groupId);
            return resolved(groupId, version, resolution);
        });
    }

    private Result<Void> resolved(String groupId, long version, CompletableFuture<Map<String, Set<String>>> resolution) {
        if (resolution.isCompletedExceptionally()) {
            LOG.log(System.Logger.Level.ERROR, "Group " + groupId + ": subscribed regular expressions could not be resolved", resolution.handle((r, e) -> e).join());
            return Result.of(null);
        }
        if (!(context.groups().get(groupId) instanceof ConsumerGroup group)) {
            return Result.of(null);
        }
        resolvedAt.put(groupId, version);
        List<GroupRecord> records = new ArrayList<>();
        Set<String> topics = new HashSet<>();
        group.members().values().forEach(member -> topics.addAll(member.metadata().subscribedTopicNames()));
        boolean changed = false;
        for (String regex : new TreeSet<>(group.subscribedRegexes())) {
            ConsumerGroupRegularExpression old = group.resolved().get(regex);
            Set<String> now = resolution.join().get(regex);
            if (now == null) {
                topics.addAll(old == null ? List.of() : old.topics());
                continue;
            }
            topics.addAll(now);
            changed |= !now.equals(old == null ? Set.of() : Set.copyOf(old.topics()));
            records.add(ConsumerRecords.regex(groupId, regex, now, version, context.clock().millis()));
        }
        long hash = TopicMetadata.hash(context.metadata().get(), topics);
        if (!records.isEmpty() && (changed || hash != group.metadataHash())) {
            records.add(ConsumerRecords.group(groupId, group.epoch() + 1, hash));
        }
        return Result.of(null, records);
    }

    /** The shard is dropped: outcomes of what is under way are of no use. */
    void forget() {
        underWay.clear();
    }

    /** Volatile: makes groups with expressions resolve them again at their next heartbeat. */
    void metadataChanged(MetadataImage before, MetadataImage after) {
        if (!TopicMetadata.created(before, after).isEmpty()) {
            versionWithNewTopics = after.version();
        }
    }
}
