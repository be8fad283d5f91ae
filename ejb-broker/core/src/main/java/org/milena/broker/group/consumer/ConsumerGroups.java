package org.milena.broker.group.consumer;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.ClassicProtocol;
import org.milena.broker.group.ConsumerProtocol;
import org.milena.broker.group.RequestInfo;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.coordinator.Result;

/** The KIP-848 consumer protocol of one shard: puts the parts together and keeps its groups among the shard's. */
public final class ConsumerGroups implements ConsumerProtocol {

    private final ShardContext context;
    private final Settings settings;
    private final Membership membership;
    private final Heartbeats heartbeats;
    private final ClassicMembers classicMembers;
    private final Regexes regexes;

    private ConsumerGroups(ShardContext context, ClassicProtocol classic, RegexResolver resolver, Supplier<String> memberIds) {
        this.context = context;
        this.settings = new Settings(context);
        Migration migration = new Migration(context, settings);
        this.membership = new Membership(context, settings, migration, classic);
        Rebalance rebalance = new Rebalance(context, settings);
        this.regexes = new Regexes(context, settings, resolver);
        this.heartbeats = new Heartbeats(context, settings, membership, rebalance, regexes, migration, classic, memberIds);
        this.classicMembers = new ClassicMembers(context, settings, membership, rebalance, regexes, migration, memberIds);
    }

    /**
     * @param resolver  shared by all shards
     * @param memberIds new member ids, for clients that do not make theirs; unique
     */
    public static Factory factory(RegexResolver resolver, Supplier<String> memberIds) {
        return (context, classic) -> new ConsumerGroups(context, classic, resolver, memberIds);
    }

    /** With random member ids, as Kafka's. */
    public static Factory factory(RegexResolver resolver) {
        return factory(resolver, () -> Uuid.randomUuid().toString());
    }

    /** @throws GroupIdNotFoundException no consumer group has that id */
    static ConsumerGroup existing(ShardContext context, String groupId) {
        if (context.groups().get(groupId) instanceof ConsumerGroup group) {
            return group;
        }
        throw new GroupIdNotFoundException(context.groups().get(groupId) == null ? "Group " + groupId + " not found."
                : "Group " + groupId + " is not a consumer group.");
    }

    static Function<String, Uuid> topicIds(ShardContext context) {
        return name -> {
            TopicImage topic = context.metadata().get().topic(name);
            return topic == null ? null : topic.id();
        };
    }

    @Override
    public Result<ConsumerGroupHeartbeatResponseData> heartbeat(RequestInfo info, ConsumerGroupHeartbeatRequestData request) {
        return heartbeats.handle(info, request);
    }

    @Override
    public ConsumerGroupDescribeResponseData.DescribedGroup describe(String groupId) {
        return Description.of(existing(context, groupId), settings.assignors().first().name(), context.metadata().get());
    }

    @Override
    public Result<Void> joinGroup(RequestInfo info, JoinGroupRequestData request, CompletableFuture<JoinGroupResponseData> answer) {
        return classicMembers.join(info, request, answer);
    }

    @Override
    public Result<SyncGroupResponseData> syncGroup(RequestInfo info, SyncGroupRequestData request) {
        return classicMembers.sync(info, request);
    }

    @Override
    public Result<HeartbeatResponseData> heartbeat(RequestInfo info, HeartbeatRequestData request) {
        return classicMembers.heartbeat(info, request);
    }

    @Override
    public Result<LeaveGroupResponseData> leaveGroup(RequestInfo info, LeaveGroupRequestData request) {
        return classicMembers.leave(request);
    }

    @Override
    public void replay(GroupRecord record) {
        String groupId = record.key().groupId();
        ConsumerGroup group = context.groups().get(groupId) instanceof ConsumerGroup known ? known : null;
        if (group == null) {
            if (record.value() == null) {
                return;
            }
            group = new ConsumerGroup(groupId, topicIds(context));
            context.groups().put(group);
        }
        group.replay(record.key(), record.value());
        if (record.value() == null && group.gone()) {
            context.groups().remove(group);
        }
    }

    @Override
    public void loaded() {
        groups(group -> group.members().values().forEach(member -> {
            membership.watch(group.groupId(), member);
            membership.watchRevocation(group.groupId(), member);
        }));
    }

    @Override
    public void metadataChanged(MetadataImage before, MetadataImage after) {
        regexes.metadataChanged(before, after);
        Set<String> changed = TopicMetadata.changed(before, after);
        if (!changed.isEmpty()) {
            groups(group -> {
                if (changed.stream().anyMatch(group::isSubscribedToTopic)) {
                    group.refreshMetadataAt(0);
                }
            });
        }
    }

    @Override
    public void unloaded(ApiException error) {
        regexes.forget();
    }

    private void groups(java.util.function.Consumer<ConsumerGroup> action) {
        context.groups().all().forEach(group -> {
            if (group instanceof ConsumerGroup consumerGroup) {
                action.accept(consumerGroup);
            }
        });
    }
}
