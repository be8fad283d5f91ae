package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.TopicDeletionDisabledException;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.GetTelemetrySubscriptionsRequestData;
import org.apache.kafka.common.message.GetTelemetrySubscriptionsResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.PushTelemetryRequestData;
import org.apache.kafka.common.message.PushTelemetryResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.Records;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys about topics, and about how much one response or session may take. */
class AdministrationKeysTest {

    @TempDir
    Path dir;

    private LiveBroker broker(String name, String... settings) {
        return LiveBroker.start(dir.resolve(name), settings);
    }

    private static void create(LiveBroker broker, String topic) throws Exception {
        LiveBroker.get(broker.admin().createTopics(List.of(new NewTopic(topic, Optional.empty(), Optional.empty()))).all());
    }

    private static int partitions(LiveBroker broker, String topic) throws Exception {
        return LiveBroker.get(broker.admin().describeTopics(List.of(topic)).allTopicNames()).get(topic).partitions().size();
    }

    @Test
    @Proves({"num.partitions", "default.replication.factor"})
    void aTopicCreatedWithoutSayingHowTakesTheDefaults() throws Exception {
        try (LiveBroker one = broker("one"); LiveBroker three = broker("three", "num.partitions", "3");
                LiveBroker replicated = broker("replicated", "default.replication.factor", "2")) {
            create(one, "t");
            assertThat(partitions(one, "t")).isEqualTo(1);
            create(three, "t");
            assertThat(partitions(three, "t")).isEqualTo(3);
            assertThatThrownBy(() -> create(replicated, "t")).isInstanceOf(InvalidReplicationFactorException.class).hasMessageContaining("2");
        }
    }

    @Test
    @Proves("auto.create.topics.enable")
    void askingForATopicMakesItOrNot() throws Exception {
        MetadataRequestData request = new MetadataRequestData().setAllowAutoTopicCreation(true)
                .setTopics(List.of(new MetadataRequestData.MetadataRequestTopic().setName("wanted")));
        try (LiveBroker yes = broker("yes"); LiveBroker no = broker("no", "auto.create.topics.enable", "false")) {
            LiveBroker.await("the topic", () -> error(yes, request) == Errors.NONE);
            assertThat(error(no, request)).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
            assertThat(LiveBroker.get(yes.admin().listTopics().names())).containsExactly("wanted");
            assertThat(LiveBroker.get(no.admin().listTopics().names())).isEmpty();
        }
    }

    private static Errors error(LiveBroker broker, MetadataRequestData request) throws Exception {
        return Errors.forCode(((MetadataResponseData) broker.call(ApiKeys.METADATA, 12, request)).topics().iterator().next().errorCode());
    }

    @Test
    @Proves("delete.topic.enable")
    void topicsCanBeDeletedOrNot() throws Exception {
        try (LiveBroker yes = broker("yes"); LiveBroker no = broker("no", "delete.topic.enable", "false")) {
            LiveBroker.get(yes.admin().deleteTopics(List.of(yes.topic(Map.of()))).all());
            String topic = no.topic(Map.of());
            assertThatThrownBy(() -> LiveBroker.get(no.admin().deleteTopics(List.of(topic)).all())).isInstanceOf(TopicDeletionDisabledException.class);
            assertThat(LiveBroker.get(yes.admin().listTopics().names())).isEmpty();
            assertThat(LiveBroker.get(no.admin().listTopics().names())).containsExactly(topic);
        }
    }

    @Test
    @Proves("max.request.partition.size.limit")
    void aDescriptionHoldsSoManyPartitions() throws Exception {
        try (LiveBroker all = broker("all"); LiveBroker two = broker("two", "max.request.partition.size.limit", "2")) {
            assertThat(described(all)).isEqualTo("5, no cursor");
            assertThat(described(two)).isEqualTo("2, cursor at 2");
        }
    }

    private static String described(LiveBroker broker) throws Exception {
        String topic = broker.topic(5, Map.of());
        var answer = (DescribeTopicPartitionsResponseData) broker.call(ApiKeys.DESCRIBE_TOPIC_PARTITIONS, 0, new DescribeTopicPartitionsRequestData()
                .setTopics(List.of(new DescribeTopicPartitionsRequestData.TopicRequest().setName(topic))));
        return answer.topics().iterator().next().partitions().size()
                + (answer.nextCursor() == null ? ", no cursor" : ", cursor at " + answer.nextCursor().partitionIndex());
    }

    @Test
    @Proves("telemetry.max.bytes")
    void aTelemetryPushMayHaveSoManyBytes() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker small = broker("small", "telemetry.max.bytes", "1000")) {
            assertThat(pushed(usual)).isEqualTo("1048576 NONE");
            assertThat(pushed(small)).isEqualTo("1000 TELEMETRY_TOO_LARGE");
        }
    }

    private static String pushed(LiveBroker broker) throws Exception {
        Uuid client = Uuid.randomUuid();
        var subscription = (GetTelemetrySubscriptionsResponseData) broker.call(ApiKeys.GET_TELEMETRY_SUBSCRIPTIONS, 0,
                new GetTelemetrySubscriptionsRequestData().setClientInstanceId(client));
        var answer = (PushTelemetryResponseData) broker.call(ApiKeys.PUSH_TELEMETRY, 0, new PushTelemetryRequestData().setClientInstanceId(client)
                .setSubscriptionId(subscription.subscriptionId()).setMetrics(ByteBuffer.wrap(new byte[1001])));
        return subscription.telemetryMaxBytes() + " " + Errors.forCode(answer.errorCode());
    }

    @Test
    @Proves("fetch.max.bytes")
    void aFetchResponseHoldsSoManyBytes() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker small = broker("small", "fetch.max.bytes", "3000")) {
            assertThat(fetched(usual)).isEqualTo(10);
            assertThat(fetched(small)).isEqualTo(2);
        }
    }

    private static int fetched(LiveBroker broker) throws Exception {
        String topic = broker.topic(Map.of());
        for (int i = 0; i < 10; i++) {
            broker.produced(topic, broker.record("k", "x".repeat(1000)));
        }
        FetchResponseData answer = broker.fetch(topic, 0, new FetchRequestData().setMaxBytes(50_000_000).setMaxWaitMs(0).setSessionEpoch(-1));
        int whole = 0;
        for (var batch : ((Records) answer.responses().get(0).partitions().get(0).records()).batches()) {
            whole += batch.isValid() ? 1 : 0;
        }
        return whole;
    }

    @Test
    @Proves("max.incremental.fetch.session.cache.slots")
    void soManyFetchSessionsAreKept() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker one = broker("one", "max.incremental.fetch.session.cache.slots", "1");
                LiveBroker none = broker("none", "max.incremental.fetch.session.cache.slots", "0")) {
            assertThat(sessions(usual)).isEqualTo(2);
            assertThat(sessions(one)).isEqualTo(1);
            assertThat(sessions(none)).isZero();
        }
    }

    /** How many of two fetches that ask for a session get one. */
    private static int sessions(LiveBroker broker) throws Exception {
        String topic = broker.topic(Map.of());
        int got = 0;
        for (int i = 0; i < 2; i++) {
            FetchResponseData answer = broker.fetch(topic, 0, new FetchRequestData().setMaxBytes(1000).setMaxWaitMs(0).setSessionId(0).setSessionEpoch(0));
            got += answer.sessionId() != 0 ? 1 : 0;
        }
        return got;
    }
}
