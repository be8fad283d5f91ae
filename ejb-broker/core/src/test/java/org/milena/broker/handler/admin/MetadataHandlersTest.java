package org.milena.broker.handler.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.Cursor;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.GetTelemetrySubscriptionsRequestData;
import org.apache.kafka.common.message.GetTelemetrySubscriptionsResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.message.PushTelemetryRequestData;
import org.apache.kafka.common.message.PushTelemetryResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetadataHandlersTest {

    @TempDir
    Path directory;
    private HandlerFixture api;

    @BeforeEach
    void start() {
        api = new HandlerFixture(directory);
    }

    private MetadataResponseData metadata(int version, boolean create, String... names) {
        MetadataRequestData request = new MetadataRequestData().setAllowAutoTopicCreation(version < 4 || create);
        for (String name : names) {
            request.topics().add(new MetadataRequestTopic().setName(name));
        }
        return api.call(ApiKeys.METADATA, version, request, MetadataResponseData.class);
    }

    @Test
    void metadataInEveryVersion() {
        Uuid id = api.broker.create("t", 2).topicId();
        for (int version = 0; version <= 13; version++) {
            MetadataResponseData response = metadata(version, false, "t");
            assertThat(response.brokers()).as("version %d", version).singleElement().satisfies(b -> {
                assertThat(b.nodeId()).isEqualTo(1);
                assertThat(b.host()).isEqualTo("localhost");
                assertThat(b.port()).isEqualTo(9092);
            });
            MetadataResponseTopic topic = response.topics().find("t");
            assertThat(topic.partitions()).hasSize(2).allSatisfy(p -> {
                assertThat(p.leaderId()).isEqualTo(1);
                assertThat(p.isrNodes()).containsExactly(1);
                assertThat(p.errorCode()).isZero();
            });
            assertThat(topic.topicId()).isEqualTo(version >= 10 ? id : Uuid.ZERO_UUID);
            assertThat(response.controllerId()).isEqualTo(version >= 1 ? 1 : -1);
            assertThat(response.clusterId()).isEqualTo(version >= 2 ? "cluster-of-tests" : null);
        }
    }

    @Test
    void allTopicsAndNone() {
        api.broker.create("t", 1);
        api.broker.create("u", 1);
        assertThat(metadata(0, false).topics()).as("version 0: empty means all").hasSize(2);
        assertThat(metadata(1, false).topics()).as("version 1: empty means none").isEmpty();
        assertThat(api.call(ApiKeys.METADATA, 12, new MetadataRequestData().setTopics(null), MetadataResponseData.class).topics()).hasSize(2);
        assertThat(metadata(12, true, "t", "t").topics()).as("named twice, shown once").hasSize(1);
    }

    @Test
    void anUnknownTopicIsCreatedWhenTheClientAllowsIt() {
        assertThat(metadata(9, false, "t").topics().find("t").errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        assertThat(api.broker.image().topic("t")).isNull();
        assertThat(metadata(9, true, "t").topics().find("t").errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        assertThat(metadata(9, true, "t").topics().find("t").errorCode()).isZero();
        metadata(1, true, "old");
        assertThat(metadata(1, true, "old").topics().find("old").errorCode()).as("old clients always allow it").isZero();
        assertThat(metadata(9, true, "a b").topics().find("a b").errorCode()).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION.code());
    }

    @Test
    void autoCreationCanBeTurnedOff() {
        api = new HandlerFixture(directory, "auto.create.topics.enable", "false");
        metadata(9, true, "t");
        assertThat(api.broker.image().topic("t")).isNull();
    }

    @Test
    void metadataNeverWaitsForTheDatabase() {
        Deque<Runnable> waiting = new ArrayDeque<>();
        api.broker.queue = waiting::add;
        assertThat(metadata(9, true, "t").topics().find("t").errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        metadata(9, true, "t");
        assertThat(waiting).as("asked twice, created once").hasSize(1);
        while (!waiting.isEmpty()) {
            waiting.poll().run();
        }
        assertThat(metadata(9, true, "t").topics().find("t").errorCode()).isZero();
    }

    @Test
    void topicsById() {
        Uuid id = api.broker.create("t", 1).topicId();
        Uuid unknown = new Uuid(4, 4);
        MetadataResponseData response = api.call(ApiKeys.METADATA, 12, new MetadataRequestData().setTopics(List.of(
                new MetadataRequestTopic().setName(null).setTopicId(id), new MetadataRequestTopic().setName(null).setTopicId(unknown))),
                MetadataResponseData.class);
        assertThat(response.topics().find("t").topicId()).isEqualTo(id);
        assertThat(response.topics()).filteredOn(t -> t.topicId().equals(unknown)).singleElement()
                .satisfies(t -> assertThat(t.errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_ID.code()));
        CapturingContext early = api.send(ApiKeys.METADATA, 11, new MetadataRequestData().setTopics(List.of(
                new MetadataRequestTopic().setName("t").setTopicId(id))));
        assertThat(early.failure()).hasMessage("Topic IDs are not supported in requests for version 11");
    }

    @Test
    void authorizedOperationsWhereAskedFor() {
        api.broker.create("t", 1);
        MetadataRequestData request = new MetadataRequestData().setTopics(null).setIncludeTopicAuthorizedOperations(true);
        MetadataResponseData v8 = api.call(ApiKeys.METADATA, 8, request.duplicate().setIncludeClusterAuthorizedOperations(true),
                MetadataResponseData.class);
        assertThat(v8.clusterAuthorizedOperations()).isEqualTo(0b1_1111_1010_0000);
        assertThat(v8.topics().find("t").topicAuthorizedOperations()).isEqualTo(0b0_1101_1111_1000);
        assertThat(api.call(ApiKeys.METADATA, 13, request, MetadataResponseData.class).topics().find("t").topicAuthorizedOperations())
                .isEqualTo(v8.topics().find("t").topicAuthorizedOperations());
    }

    @Test
    void aPartitionInAFailedDirectoryHasNoLeader() {
        api.broker.create("t", 1);
        api.broker.admin.offline(List.of(new TopicPartition("t", 0))).join();
        assertThat(metadata(12, false, "t").topics().find("t").partitions()).singleElement().satisfies(p -> {
            assertThat(p.errorCode()).isEqualTo(Errors.LEADER_NOT_AVAILABLE.code());
            assertThat(p.leaderId()).isEqualTo(-1);
            assertThat(p.offlineReplicas()).containsExactly(1);
        });
    }

    private DescribeTopicPartitionsResponseData describe(int limit, Cursor cursor, String... names) {
        DescribeTopicPartitionsRequestData request = new DescribeTopicPartitionsRequestData().setResponsePartitionLimit(limit).setCursor(cursor);
        for (String name : names) {
            request.topics().add(new TopicRequest().setName(name));
        }
        return api.call(ApiKeys.DESCRIBE_TOPIC_PARTITIONS, 0, request, DescribeTopicPartitionsResponseData.class);
    }

    @Test
    void topicPartitionsComePageByPage() {
        api.broker.create("a", 3);
        api.broker.create("b", 2);
        var first = describe(2, null);
        assertThat(first.topics().find("a").partitions()).extracting(p -> p.partitionIndex()).containsExactly(0, 1);
        assertThat(first.nextCursor().topicName()).isEqualTo("a");
        assertThat(first.nextCursor().partitionIndex()).isEqualTo(2);
        var second = describe(2, new Cursor().setTopicName("a").setPartitionIndex(2));
        assertThat(second.topics().find("a").partitions()).extracting(p -> p.partitionIndex()).containsExactly(2);
        assertThat(second.topics().find("b").partitions()).extracting(p -> p.partitionIndex()).containsExactly(0);
        var third = describe(2, new Cursor().setTopicName("b").setPartitionIndex(1));
        assertThat(third.topics()).hasSize(1);
        assertThat(third.nextCursor()).isNull();
        var exact = describe(3, null, "a", "b");
        assertThat(exact.nextCursor().topicName()).isEqualTo("b");
        assertThat(describe(10, null, "a", "no").topics().find("no").errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        CapturingContext wrong = api.send(ApiKeys.DESCRIBE_TOPIC_PARTITIONS, 0, new DescribeTopicPartitionsRequestData()
                .setTopics(List.of(new TopicRequest().setName("b"))).setCursor(new Cursor().setTopicName("a").setPartitionIndex(0)));
        assertThat(wrong.failure()).hasMessage("DescribeTopicPartitionsRequest topic list should contain the cursor topic: a");
    }

    @Test
    void theBrokerLimitsPagesToo() {
        api = new HandlerFixture(directory, "max.request.partition.size.limit", "1");
        api.broker.create("a", 3);
        assertThat(describe(2000, null).topics().find("a").partitions()).hasSize(1);
    }

    @Test
    void clusterInEveryVersion() {
        for (int version = 0; version <= 2; version++) {
            DescribeClusterResponseData response = api.call(ApiKeys.DESCRIBE_CLUSTER, version,
                    new DescribeClusterRequestData().setIncludeClusterAuthorizedOperations(true), DescribeClusterResponseData.class);
            assertThat(response.clusterId()).isEqualTo("cluster-of-tests");
            assertThat(response.controllerId()).isEqualTo(1);
            assertThat(response.brokers().find(1).rack()).isEqualTo("rack-a");
            assertThat(response.clusterAuthorizedOperations()).isEqualTo(AuthorizedOperations.CLUSTER);
        }
        assertThat(api.call(ApiKeys.DESCRIBE_CLUSTER, 1, new DescribeClusterRequestData().setEndpointType((byte) 2),
                DescribeClusterResponseData.class).errorCode()).isEqualTo(Errors.MISMATCHED_ENDPOINT_TYPE.code());
        assertThat(api.call(ApiKeys.DESCRIBE_CLUSTER, 1, new DescribeClusterRequestData().setEndpointType((byte) 9),
                DescribeClusterResponseData.class).errorMessage()).isEqualTo("Unsupported endpoint type 9");
    }

    @Test
    void apiVersionsIsExactlyWhatIsRegistered() {
        for (int version = 0; version <= 5; version++) {
            ApiVersionsResponseData response = api.call(ApiKeys.API_VERSIONS, version,
                    new ApiVersionsRequestData().setClientSoftwareName("t").setClientSoftwareVersion("1"), ApiVersionsResponseData.class);
            assertThat(response.errorCode()).isZero();
            assertThat(response.apiKeys()).hasSameSizeAs(api.registry.all());
            api.registry.all().forEach(a -> {
                assertThat(response.apiKeys().find(a.key().id).minVersion()).isEqualTo(a.minVersion());
                assertThat(response.apiKeys().find(a.key().id).maxVersion()).isEqualTo(a.maxVersion());
            });
            if (version >= 4) {
                assertThat(response.supportedFeatures().find("group.version").minVersion()).isZero();
            }
            if (version >= 3) {
                assertThat(response.finalizedFeatures().find("group.version").maxVersionLevel()).isEqualTo((short) 1);
                assertThat(response.finalizedFeatures().find("metadata.version").maxVersionLevel()).isEqualTo((short) 30);
                assertThat(response.finalizedFeatures().find("transaction.version").maxVersionLevel()).isEqualTo((short) 2);
                assertThat(response.finalizedFeatures()).hasSize(3);
            }
        }
    }

    @Test
    void apiVersionsRefusesWhatItShould() {
        ApiVersionsRequestData nameless = new ApiVersionsRequestData().setClientSoftwareName("").setClientSoftwareVersion("1");
        assertThat(api.call(ApiKeys.API_VERSIONS, 3, nameless, ApiVersionsResponseData.class).errorCode())
                .isEqualTo(Errors.INVALID_REQUEST.code());
        ApiVersionsRequestData strayed = new ApiVersionsRequestData().setClientSoftwareName("t").setClientSoftwareVersion("1")
                .setClusterId("another").setNodeId(1);
        assertThat(api.call(ApiKeys.API_VERSIONS, 5, strayed, ApiVersionsResponseData.class).errorCode())
                .isEqualTo(Errors.REBOOTSTRAP_REQUIRED.code());
        assertThat(api.call(ApiKeys.API_VERSIONS, 5, strayed.duplicate().setClusterId("cluster-of-tests"), ApiVersionsResponseData.class)
                .errorCode()).isZero();
    }

    @Test
    void telemetryHasTheEmptySubscription() {
        var subscription = api.call(ApiKeys.GET_TELEMETRY_SUBSCRIPTIONS, 0, new GetTelemetrySubscriptionsRequestData(),
                GetTelemetrySubscriptionsResponseData.class);
        assertThat(subscription.clientInstanceId()).isNotEqualTo(Uuid.ZERO_UUID);
        assertThat(subscription.requestedMetrics()).isEmpty();
        assertThat(subscription.telemetryMaxBytes()).isEqualTo(1_048_576);
        assertThat(subscription.acceptedCompressionTypes()).containsExactly((byte) 4, (byte) 3, (byte) 1, (byte) 2);
        PushTelemetryRequestData push = new PushTelemetryRequestData().setClientInstanceId(subscription.clientInstanceId())
                .setSubscriptionId(subscription.subscriptionId());
        assertThat(push(push)).isEqualTo(Errors.NONE);
        assertThat(push(push.duplicate().setSubscriptionId(subscription.subscriptionId() + 1))).isEqualTo(Errors.UNKNOWN_SUBSCRIPTION_ID);
        assertThat(push(push.duplicate().setCompressionType((byte) 9))).isEqualTo(Errors.UNSUPPORTED_COMPRESSION_TYPE);
        assertThat(push(push.duplicate().setClientInstanceId(Uuid.ZERO_UUID))).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(push(push.duplicate().setMetrics(java.nio.ByteBuffer.allocate(1_048_577)))).isEqualTo(Errors.TELEMETRY_TOO_LARGE);
    }

    private Errors push(PushTelemetryRequestData request) {
        return Errors.forCode(api.call(ApiKeys.PUSH_TELEMETRY, 0, request, PushTelemetryResponseData.class).errorCode());
    }
}
