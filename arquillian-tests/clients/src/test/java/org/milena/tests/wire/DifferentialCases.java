package org.milena.tests.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;

/**
 * Requests whose answers must be Kafka's: good ones, and every way of being wrong that has an error code. None changes
 * what another one sees: what would succeed in changing something is sent with validate-only, or to a name of its own.
 */
final class DifferentialCases {
    private static final String TOPIC = "differential";
    private static final String EMPTY = "differential-empty";
    private static final String WRITTEN = "differential-written";
    private static final String MEMBERS = "differential-members";
    private static final String CONSUMERS = "differential-consumers";
    private static final String GROUP = "differential-group";
    private static final Uuid NO_TOPIC = new Uuid(1, 2);
    /** Recent enough for retention to leave the records alone. */
    private static final long BASE = System.currentTimeMillis() - 3_600_000;
    private final List<Case> cases = new ArrayList<>();

    /**
     * @param what    the case in words
     * @param request by version: what changes something has a name of its own in each
     * @param from    the lowest version in which the request means this
     */
    record Case(String what, IntFunction<ApiMessage> request, int from) {
        ApiKeys key() {
            return ApiKeys.forId(request.apply(from).apiKey());
        }
    }

    private DifferentialCases() { }

    /** Gives a broker the topics, records and offsets that the cases talk about. */
    static void prepare(String bootstrap) {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap)); RawClient client = new RawClient(bootstrap)) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 2, (short) 1), new NewTopic(EMPTY, 1, (short) 1), new NewTopic(WRITTEN, 1, (short) 1)))
                .all().get(30, TimeUnit.SECONDS);
            TopicPartition first = new TopicPartition(TOPIC, 0);
            for (long end = System.nanoTime() + 30_000_000_000L; ; ) {
                try {
                    admin.listOffsets(Map.of(first, OffsetSpec.latest(), new TopicPartition(EMPTY, 0), OffsetSpec.latest())).all().get(30, TimeUnit.SECONDS);
                    break;
                } catch (ExecutionException notYet) {
                    if (System.nanoTime() > end) throw notYet;
                }
            }
            Requests.produce(client, TOPIC, 0, MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(BASE, new byte[3]),
                new SimpleRecord(BASE + 5, new byte[3]), new SimpleRecord(BASE + 2, new byte[3])));
            Requests.awaitCoordinator(client, GROUP);
            client.send(new DeleteGroupsRequestData().setGroupsNames(List.of("")), 2); // AbsurdStringsTest leaves it, on one of the two
            Requests.producerId(client);
            client.send(Requests.join(MEMBERS, "").setGroupInstanceId("one"), 9);
            client.send(consumer(CONSUMERS, "one"), 1);
            admin.alterConsumerGroupOffsets(GROUP, Map.of(first, new OffsetAndMetadata(2, "note"))).all().get(30, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static List<Case> all() {
        DifferentialCases all = new DifferentialCases();
        all.describedGroups(); // first, while their members live
        all.produce();
        all.fetch();
        all.listOffsets();
        all.metadata();
        all.topics();
        all.configs();
        all.groups();
        all.members();
        all.offsets();
        all.rest();
        return all.cases;
    }

    private void add(String what, ApiMessage request) {
        cases.add(new Case(what, version -> request, 0));
    }

    private void each(String what, IntFunction<ApiMessage> request) {
        cases.add(new Case(what, request, 0));
    }

    private void produce() {
        each("good", version -> Requests.produce(WRITTEN, 0, MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(BASE + version, new byte[9]))));
        each("a sequence out of order", version -> Requests.produce(WRITTEN, 0, MemoryRecords.withIdempotentRecords(Compression.NONE, 4711L, (short) 0,
            version * 10, new SimpleRecord(BASE, new byte[9]))));
        add("no topic at all", new ProduceRequestData().setAcks((short) -1).setTimeoutMs(1000));
        add("unknown topic", Requests.produce("unknown-topic", 0, Requests.records("a")));
        add("unknown partition", Requests.produce(TOPIC, 7, Requests.records("a")));
        add("negative partition", Requests.produce(TOPIC, -1, Requests.records("a")));
        add("no records", Requests.produce(TOPIC, 1, MemoryRecords.EMPTY));
        add("impossible acks", Requests.produce(TOPIC, 1, Requests.records("a")).setAcks((short) 5));
        add("timestamp far in the future", Requests.produce(TOPIC, 1, MemoryRecords.withRecords(Compression.NONE,
            new SimpleRecord(System.currentTimeMillis() + 86_400_000L * 30, new byte[1]))));
        add("too large", Requests.produce(TOPIC, 1, Requests.records("x".repeat(2_000_000))));
    }

    private static FetchRequestData fetch(String topic, int partition, long offset) {
        return new FetchRequestData().setMaxWaitMs(0).setMinBytes(0).setMaxBytes(100_000).setSessionEpoch(-1).setTopics(List.of(
            new FetchRequestData.FetchTopic().setTopic(topic).setPartitions(List.of(
                new FetchRequestData.FetchPartition().setPartition(partition).setFetchOffset(offset).setPartitionMaxBytes(100_000)))));
    }

    private void fetch() {
        add("nothing", new FetchRequestData().setMaxWaitMs(0).setSessionEpoch(-1));
        add("unknown topic", fetch("unknown-topic", 0, 0));
        add("unknown partition", fetch(TOPIC, 7, 0));
        add("records", fetch(TOPIC, 0, 0));
        add("records, committed", fetch(TOPIC, 0, 1).setIsolationLevel((byte) 1));
        add("the end", fetch(TOPIC, 0, 3));
        add("beyond the end", fetch(TOPIC, 0, 4));
        add("a negative offset", fetch(TOPIC, 0, -5));
        add("an empty partition", fetch(EMPTY, 0, 0));
        add("an unknown session", fetch(EMPTY, 0, 0).setSessionId(4711).setSessionEpoch(3));
        FetchRequestData newer = fetch(EMPTY, 0, 0);
        newer.topics().get(0).partitions().get(0).setCurrentLeaderEpoch(1000);
        add("a leader epoch to come", newer);
        FetchRequestData byId = fetch("", 0, 0);
        byId.topics().get(0).setTopicId(NO_TOPIC);
        add("an unknown topic id", byId);
    }

    private static ListOffsetsRequestData offsets(String topic, int partition, long timestamp, int epoch) {
        return new ListOffsetsRequestData().setReplicaId(-1).setTopics(List.of(new ListOffsetsRequestData.ListOffsetsTopic().setName(topic)
            .setPartitions(List.of(new ListOffsetsRequestData.ListOffsetsPartition().setPartitionIndex(partition).setTimestamp(timestamp)
                .setCurrentLeaderEpoch(epoch)))));
    }

    private void listOffsets() {
        for (long timestamp : new long[] {-1, -2, -3, -4, -5, -6, -7, 0, BASE, BASE + 3, BASE + 6}) {
            add("timestamp " + timestamp, offsets(TOPIC, 0, timestamp, -1));
            add("timestamp " + timestamp + ", empty partition", offsets(EMPTY, 0, timestamp, -1));
        }
        add("unknown topic", offsets("unknown-topic", 0, -1, -1));
        add("unknown partition", offsets(TOPIC, 7, -1, -1));
        add("leader epoch to come", offsets(TOPIC, 0, -1, 1000));
        add("nothing", new ListOffsetsRequestData().setReplicaId(-1));
        ListOffsetsRequestData twice = offsets(TOPIC, 0, -1, -1);
        twice.topics().get(0).setPartitions(List.of(twice.topics().get(0).partitions().get(0), twice.topics().get(0).partitions().get(0).duplicate()));
        add("the same partition twice", twice);
        for (int epoch : new int[] {-1, 0, 1000}) {
            OffsetForLeaderEpochRequestData.OffsetForLeaderTopicCollection topics = new OffsetForLeaderEpochRequestData.OffsetForLeaderTopicCollection();
            topics.add(new OffsetForLeaderEpochRequestData.OffsetForLeaderTopic().setTopic(TOPIC).setPartitions(List.of(
                new OffsetForLeaderEpochRequestData.OffsetForLeaderPartition().setPartition(0).setLeaderEpoch(epoch).setCurrentLeaderEpoch(-1),
                new OffsetForLeaderEpochRequestData.OffsetForLeaderPartition().setPartition(9).setLeaderEpoch(epoch).setCurrentLeaderEpoch(-1))));
            add("epoch " + epoch, new OffsetForLeaderEpochRequestData().setReplicaId(-2).setTopics(topics));
        }
    }

    private void metadata() {
        for (String topic : List.of(TOPIC, "unknown-topic", "a/b", "")) {
            add("topic '" + topic + "'", new MetadataRequestData().setAllowAutoTopicCreation(false)
                .setTopics(List.of(new MetadataRequestData.MetadataRequestTopic().setName(topic))));
            add("topic '" + topic + "'", new DescribeTopicPartitionsRequestData().setTopics(List.of(
                new DescribeTopicPartitionsRequestData.TopicRequest().setName(topic))));
        }
        cases.add(new Case("no topic", version -> new MetadataRequestData().setTopics(List.of()), 1)); // version 0 reads this as all topics
        add("brokers", new DescribeClusterRequestData());
        add("an unknown endpoint type", new DescribeClusterRequestData().setEndpointType((byte) 9));
    }

    private void topics() {
        each("good", version -> create(topic("differential-new-" + version).setNumPartitions(2)));
        each("good, defaults", version -> create(topic("differential-defaults-" + version).setNumPartitions(-1).setReplicationFactor((short) -1)));
        for (int created = 2; created <= 7; created++) { // one by each version above
            String name = "differential-new-" + created;
            cases.add(new Case("by version " + created, version -> new DeleteTopicsRequestData().setTimeoutMs(1000).setTopicNames(List.of(name))
                .setTopics(List.of(new DeleteTopicsRequestData.DeleteTopicState().setName(name))), 0));
        }
        create("exists", topic(TOPIC));
        create("no name", topic(""));
        create("impossible name", topic("a b"));
        create("no partitions", topic("new").setNumPartitions(0));
        create("negative partitions", topic("new").setNumPartitions(-5));
        create("too many replicas", topic("new").setReplicationFactor((short) 5));
        create("no replicas", topic("new").setReplicationFactor((short) 0));
        CreateTopicsRequestData.CreatableTopicConfigCollection configs = new CreateTopicsRequestData.CreatableTopicConfigCollection();
        configs.add(new CreateTopicsRequestData.CreatableTopicConfig().setName("no.such.key").setValue("1"));
        create("unknown config", topic("new").setConfigs(configs));
        CreateTopicsRequestData.CreatableTopicConfigCollection wrong = new CreateTopicsRequestData.CreatableTopicConfigCollection();
        wrong.add(new CreateTopicsRequestData.CreatableTopicConfig().setName("retention.ms").setValue("soon"));
        create("wrong config value", topic("new").setConfigs(wrong));
        add("nothing", new CreateTopicsRequestData().setTimeoutMs(1000));
        add("unknown topic", new DeleteTopicsRequestData().setTimeoutMs(1000).setTopicNames(List.of("unknown-topic"))
            .setTopics(List.of(new DeleteTopicsRequestData.DeleteTopicState().setName("unknown-topic"))));
        for (int count : new int[] {-1, 0, 1, 2}) {
            CreatePartitionsRequestData.CreatePartitionsTopicCollection grow = new CreatePartitionsRequestData.CreatePartitionsTopicCollection();
            grow.add(new CreatePartitionsRequestData.CreatePartitionsTopic().setName(TOPIC).setCount(count).setAssignments(null));
            grow.add(new CreatePartitionsRequestData.CreatePartitionsTopic().setName("unknown-topic").setCount(count).setAssignments(null));
            add("partitions " + count, new CreatePartitionsRequestData().setTopics(grow).setTimeoutMs(1000).setValidateOnly(true));
        }
        for (long offset : new long[] {0, -2, 99}) {
            add("before " + offset, new DeleteRecordsRequestData().setTimeoutMs(1000).setTopics(List.of(
                new DeleteRecordsRequestData.DeleteRecordsTopic().setName(TOPIC).setPartitions(List.of(
                    new DeleteRecordsRequestData.DeleteRecordsPartition().setPartitionIndex(0).setOffset(offset),
                    new DeleteRecordsRequestData.DeleteRecordsPartition().setPartitionIndex(9).setOffset(offset))))));
        }
    }

    private static CreateTopicsRequestData.CreatableTopic topic(String name) {
        return new CreateTopicsRequestData.CreatableTopic().setName(name).setNumPartitions(1).setReplicationFactor((short) 1);
    }

    private void create(String what, CreateTopicsRequestData.CreatableTopic topic) {
        add(what, create(topic).setValidateOnly(true));
    }

    private static CreateTopicsRequestData create(CreateTopicsRequestData.CreatableTopic topic) {
        CreateTopicsRequestData.CreatableTopicCollection topics = new CreateTopicsRequestData.CreatableTopicCollection();
        topics.add(topic);
        return new CreateTopicsRequestData().setTopics(topics).setTimeoutMs(10_000);
    }

    private void configs() {
        for (byte type : new byte[] {2, 4, 8, 16, 32, 99}) {
            add("resource type " + type + ", unknown name", new DescribeConfigsRequestData().setResources(List.of(
                new DescribeConfigsRequestData.DescribeConfigsResource().setResourceType(type).setResourceName("4711")
                    .setConfigurationKeys(List.of("retention.ms")))));
        }
        add("keys of a topic", new DescribeConfigsRequestData().setIncludeSynonyms(true).setResources(List.of(
            new DescribeConfigsRequestData.DescribeConfigsResource().setResourceType((byte) 2).setResourceName(TOPIC)
                .setConfigurationKeys(List.of("cleanup.policy", "max.message.bytes", "no.such.key")))));
        alter("unknown key", TOPIC, "no.such.key", "1", 0);
        alter("wrong value", TOPIC, "retention.ms", "soon", 0);
        alter("append to what is no list", TOPIC, "retention.ms", "1", 2);
        alter("unknown operation", TOPIC, "retention.ms", "1", 9);
        alter("unknown topic", "unknown-topic", "retention.ms", "1", 0);
        alter("null value", TOPIC, "retention.ms", null, 0);
    }

    private void alter(String what, String topic, String key, String value, int operation) {
        IncrementalAlterConfigsRequestData.AlterableConfigCollection configs = new IncrementalAlterConfigsRequestData.AlterableConfigCollection();
        configs.add(new IncrementalAlterConfigsRequestData.AlterableConfig().setName(key).setValue(value).setConfigOperation((byte) operation));
        IncrementalAlterConfigsRequestData.AlterConfigsResourceCollection resources = new IncrementalAlterConfigsRequestData.AlterConfigsResourceCollection();
        resources.add(new IncrementalAlterConfigsRequestData.AlterConfigsResource().setResourceType((byte) 2).setResourceName(topic).setConfigs(configs));
        add(what, new IncrementalAlterConfigsRequestData().setResources(resources).setValidateOnly(true));
    }

    private void describedGroups() {
        for (String group : List.of(CONSUMERS, MEMBERS, GROUP, "unknown-group", "")) {
            add("group '" + group + "'", new DescribeGroupsRequestData().setGroups(List.of(group)).setIncludeAuthorizedOperations(false));
            add("group '" + group + "', operations", new DescribeGroupsRequestData().setGroups(List.of(group)).setIncludeAuthorizedOperations(true));
            add("group '" + group + "'", new ConsumerGroupDescribeRequestData().setGroupIds(List.of(group)).setIncludeAuthorizedOperations(true));
        }
    }

    private void groups() {
        for (String group : List.of(GROUP, "unknown-group", "")) {
            add("group '" + group + "'", new FindCoordinatorRequestData().setKey(group).setCoordinatorKeys(List.of()));
            add("group '" + group + "' in a list", new FindCoordinatorRequestData().setCoordinatorKeys(List.of(group)));
            add("group '" + group + "', unknown member", new HeartbeatRequestData().setGroupId(group).setMemberId("nobody").setGenerationId(3));
            add("group '" + group + "', unknown member", new LeaveGroupRequestData().setGroupId(group).setMemberId("nobody")
                .setMembers(List.of(new LeaveGroupRequestData.MemberIdentity().setMemberId("nobody"))));
            add("group '" + group + "', old form", new LeaveGroupRequestData().setGroupId(group).setMemberId("nobody"));
            add("group '" + group + "', unknown member", Requests.join(group, "nobody"));
            add("group '" + group + "', unknown member", Requests.sync(group, "nobody", 3));
        }
        add("impossible key type", new FindCoordinatorRequestData().setKeyType((byte) 9).setCoordinatorKeys(List.of("a")));
        add("none", new DescribeGroupsRequestData());
        add("unknown group", new DeleteGroupsRequestData().setGroupsNames(List.of("unknown-group", "")));
        add("an unknown state", new ListGroupsRequestData().setStatesFilter(List.of("NoSuchState")));
        add("an unknown type", new ListGroupsRequestData().setTypesFilter(List.of("no-such-type")));
    }

    private void members() {
        each("first of its group", version -> Requests.join("differential-join-" + version, ""));
        each("static, first of its group", version -> Requests.join("differential-static-" + version, "").setGroupInstanceId("one"));
        each("its group's first consumer", version -> consumer("differential-consumer-" + version, "m" + version));
        add("session timeout too short", Requests.join("differential-join", "").setSessionTimeoutMs(1));
        add("no protocols", Requests.join("differential-join", "").setProtocols(new org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocolCollection()));
        add("no protocol type", Requests.join("differential-join", "").setProtocolType(""));
        ConsumerGroupHeartbeatRequestData heartbeat = consumer("differential-848", "m");
        add("unknown member", heartbeat.duplicate().setMemberEpoch(5));
        add("no group", heartbeat.duplicate().setGroupId(""));
        add("no member id", heartbeat.duplicate().setMemberId(""));
        add("no rebalance timeout", heartbeat.duplicate().setRebalanceTimeoutMs(-1));
        add("no subscription", heartbeat.duplicate().setSubscribedTopicNames(null));
        add("unknown assignor", heartbeat.duplicate().setServerAssignor("no-such-assignor"));
        add("leaves without having been there", heartbeat.duplicate().setMemberEpoch(-1));
        add("impossible epoch", heartbeat.duplicate().setMemberEpoch(-7));
    }

    private static ConsumerGroupHeartbeatRequestData consumer(String group, String member) {
        return new ConsumerGroupHeartbeatRequestData().setGroupId(group).setMemberId(member)
            .setRebalanceTimeoutMs(1000).setTopicPartitions(List.of()).setSubscribedTopicNames(List.of(EMPTY));
    }

    private void offsets() {
        for (int generation : new int[] {-1, 5}) {
            for (String member : List.of("", "nobody")) {
                add("member '" + member + "' of generation " + generation, new OffsetCommitRequestData().setGroupId("differential-commit")
                    .setMemberId(member).setGenerationIdOrMemberEpoch(generation).setTopics(List.of(
                        new OffsetCommitRequestData.OffsetCommitRequestTopic().setName(TOPIC).setPartitions(List.of(
                            new OffsetCommitRequestData.OffsetCommitRequestPartition().setPartitionIndex(0).setCommittedOffset(1),
                            new OffsetCommitRequestData.OffsetCommitRequestPartition().setPartitionIndex(9).setCommittedOffset(1))),
                        new OffsetCommitRequestData.OffsetCommitRequestTopic().setName("unknown-topic").setPartitions(List.of(
                            new OffsetCommitRequestData.OffsetCommitRequestPartition().setPartitionIndex(0).setCommittedOffset(1))))));
            }
        }
        add("metadata too long", new OffsetCommitRequestData().setGroupId("differential-commit").setGenerationIdOrMemberEpoch(-1).setTopics(List.of(
            new OffsetCommitRequestData.OffsetCommitRequestTopic().setName(TOPIC).setPartitions(List.of(
                new OffsetCommitRequestData.OffsetCommitRequestPartition().setCommittedOffset(1).setCommittedMetadata("x".repeat(5000)))))));
        for (String group : List.of(GROUP, "unknown-group", "")) {
            add("group '" + group + "'", new OffsetFetchRequestData().setGroupId(group).setTopics(List.of(
                new OffsetFetchRequestData.OffsetFetchRequestTopic().setName(TOPIC).setPartitionIndexes(List.of(0, 1, 9)))));
            add("all of group '" + group + "'", new OffsetFetchRequestData().setGroups(List.of(
                new OffsetFetchRequestData.OffsetFetchRequestGroup().setGroupId(group).setTopics(null))));
            OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection topics = new OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection();
            topics.add(new OffsetDeleteRequestData.OffsetDeleteRequestTopic().setName(TOPIC).setPartitions(List.of(
                new OffsetDeleteRequestData.OffsetDeleteRequestPartition().setPartitionIndex(9))));
            add("group '" + group + "'", new OffsetDeleteRequestData().setGroupId(group).setTopics(topics));
        }
    }

    private void rest() {
        add("an unknown transaction timeout for no transaction", new InitProducerIdRequestData().setTransactionalId(null).setTransactionTimeoutMs(-1));
        DescribeProducersRequestData.TopicRequestCollection producers = new DescribeProducersRequestData.TopicRequestCollection();
        producers.add(new DescribeProducersRequestData.TopicRequest().setName(TOPIC).setPartitionIndexes(List.of(0, 9)));
        add("of a topic without any", new DescribeProducersRequestData().setTopics(producers));
        DescribeLogDirsRequestData.DescribableLogDirTopicCollection dirs = new DescribeLogDirsRequestData.DescribableLogDirTopicCollection();
        dirs.add(new DescribeLogDirsRequestData.DescribableLogDirTopic().setTopic(EMPTY).setPartitions(List.of(0)));
        add("one partition", new DescribeLogDirsRequestData().setTopics(dirs));
        ElectLeadersRequestData.TopicPartitionsCollection elect = new ElectLeadersRequestData.TopicPartitionsCollection();
        elect.add(new ElectLeadersRequestData.TopicPartitions().setTopic(TOPIC).setPartitions(List.of(0, 9)));
        add("preferred", new ElectLeadersRequestData().setTopicPartitions(elect).setTimeoutMs(1000));
        add("all", new ListPartitionReassignmentsRequestData().setTimeoutMs(1000));
    }
}
