package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.milena.broker.config.LiveBroker.await;
import static org.milena.broker.config.LiveBroker.get;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys of committed offsets and the topic they live in. */
class OffsetsKeysTest {

    private static final long MINUTE = 60_000;
    private static final String OFFSETS = "__consumer_offsets";

    @TempDir
    Path dir;

    private LiveBroker broker(String name, String... settings) {
        return LiveBroker.start(dir.resolve(name), settings);
    }

    private static void commit(LiveBroker broker, String topic, String metadata) throws Exception {
        get(broker.admin().alterConsumerGroupOffsets("g", Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(3, metadata))).all());
    }

    private static int offsets(LiveBroker broker) throws Exception {
        return get(broker.admin().listConsumerGroupOffsets("g").partitionsToOffsetAndMetadata()).size();
    }

    @Test
    @Proves({"offsets.topic.num.partitions", "offsets.topic.segment.bytes"})
    void theOffsetsTopicIsMadeAsSaid() throws Exception {
        try (LiveBroker usual = broker("usual", "offsets.topic.num.partitions", "50"); LiveBroker small = broker("small", "offsets.topic.num.partitions", "3", "offsets.topic.segment.bytes", "2000000")) {
            assertThat(offsetsTopic(usual)).isEqualTo("50 of 104857600");
            assertThat(offsetsTopic(small)).isEqualTo("3 of 2000000");
        }
    }

    private static String offsetsTopic(LiveBroker broker) throws Exception {
        commit(broker, broker.topic(Map.of()), "");
        return get(broker.admin().describeTopics(List.of(OFFSETS)).allTopicNames()).get(OFFSETS).partitions().size() + " of "
                + broker.describe(Type.TOPIC, OFFSETS).get("segment.bytes");
    }

    @Test
    @Proves("offsets.topic.replication.factor")
    void theOffsetsTopicNeedsSoManyBrokers() throws Exception {
        try (LiveBroker one = broker("one"); LiveBroker two = broker("two", "offsets.topic.replication.factor", "2")) {
            await("the coordinator", () -> coordinator(one) == Errors.NONE);
            assertThat(coordinator(two)).isNotEqualTo(Errors.NONE);
            assertThat(get(one.admin().listTopics(new ListTopicsOptions().listInternal(true)).names())).containsExactly(OFFSETS);
            assertThat(get(two.admin().listTopics(new ListTopicsOptions().listInternal(true)).names())).isEmpty();
        }
    }

    private static Errors coordinator(LiveBroker broker) throws Exception {
        var answer = (FindCoordinatorResponseData) broker.call(ApiKeys.FIND_COORDINATOR, 4, new FindCoordinatorRequestData().setCoordinatorKeys(List.of("g")));
        return Errors.forCode(answer.coordinators().get(0).errorCode());
    }

    @Test
    @Proves("offsets.topic.compression.codec")
    void theOffsetsTopicIsCompressedAsSaid() throws Exception {
        try (LiveBroker usual = broker("usual", "offsets.topic.num.partitions", "1")) {
            assertThat(codecs(usual)).containsOnly(CompressionType.NONE);
        }
        List<CompressionType> codecs = List.of(CompressionType.NONE, CompressionType.GZIP, CompressionType.SNAPPY, CompressionType.LZ4, CompressionType.ZSTD);
        for (int codec = 0; codec < codecs.size(); codec++) {
            try (LiveBroker broker = broker("codec" + codec, "offsets.topic.num.partitions", "1", "offsets.topic.compression.codec", String.valueOf(codec))) {
                assertThat(codecs(broker)).as("codec " + codec).containsOnly(codecs.get(codec));
                assertThat(offsets(broker)).isEqualTo(1);
            }
        }
    }

    /** Of all that a consumer of the offsets topic reads after a commit. */
    private static List<CompressionType> codecs(LiveBroker broker) throws Exception {
        commit(broker, broker.topic(Map.of()), "");
        return broker.batches(OFFSETS).stream().map(RecordBatch::compressionType).toList();
    }

    @Test
    @Proves("offset.metadata.max.bytes")
    void metadataOfAnOffsetMayBeSoLong() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker small = broker("small", "offset.metadata.max.bytes", "5")) {
            commit(usual, usual.topic(Map.of()), "sixsix");
            String topic = small.topic(Map.of());
            commit(small, topic, "five5");
            assertThatThrownBy(() -> commit(small, topic, "sixsix")).isInstanceOf(OffsetMetadataTooLarge.class);
        }
    }

    @Test
    @Proves({"offsets.retention.minutes", "offsets.retention.check.interval.ms"})
    void oldOffsetsAreForgottenWhenTheyAreLookedFor() throws Exception {
        try (LiveBroker usual = broker("usual", "offsets.retention.check.interval.ms", "50");
                LiveBroker brief = broker("brief", "offsets.retention.minutes", "1", "offsets.retention.check.interval.ms", "50");
                LiveBroker seldom = broker("seldom", "offsets.retention.minutes", "1")) {
            for (LiveBroker broker : List.of(usual, seldom, brief)) {
                commit(broker, broker.topic(Map.of()), "");
                broker.advance(2 * MINUTE);
            }
            await("the offset expires", () -> offsets(brief) == 0);
            assertThat(offsets(usual)).as("a week is not over").isEqualTo(1);
            assertThat(offsets(seldom)).as("nobody has looked").isEqualTo(1);
            usual.advance(7 * 24 * 60 * MINUTE);
            await("the offset expires after a week", () -> offsets(usual) == 0);
        }
    }

    @Test
    @Proves("offsets.commit.timeout.ms")
    void aCommitThatIsNotStoredInTimeIsAnError() throws Exception {
        try (LiveBroker brief = LiveBroker.startWithFlushersHeld(dir.resolve("brief"), "offsets.commit.timeout.ms", "50");
                LiveBroker usual = LiveBroker.startWithFlushersHeld(dir.resolve("usual"))) {
            assertThat(commitThatMustBeFlushed(brief)).isEqualTo(Errors.COORDINATOR_NOT_AVAILABLE);
            String topic = flushedOffsets(usual);
            int partition = usual.embedded().broker().groups().partitionFor("g");
            var log = usual.embedded().broker().replicas().partition(OFFSETS, partition).log();
            long end = log.logEndOffset();
            CompletableFuture<Errors> answer = CompletableFuture.supplyAsync(() -> commitNow(usual, topic));
            await("the commit is written, not yet flushed", () -> log.logEndOffset() > end);
            assertThat(answer).isNotDone();
            usual.releaseFlushers();
            assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo(Errors.NONE);
        }
    }

    private static Errors commitThatMustBeFlushed(LiveBroker broker) throws Exception {
        return commitNow(broker, flushedOffsets(broker));
    }

    /** From now on a commit is answered when it is on disk. */
    private static String flushedOffsets(LiveBroker broker) throws Exception {
        String topic = broker.topic(Map.of());
        commit(broker, topic, "");
        broker.alter(Type.TOPIC, OFFSETS, "flush.messages", "1");
        return topic;
    }

    private static Errors commitNow(LiveBroker broker, String topic) {
        OffsetCommitRequestData request = new OffsetCommitRequestData().setGroupId("g").setGenerationIdOrMemberEpoch(-1);
        request.topics().add(new OffsetCommitRequestData.OffsetCommitRequestTopic().setName(topic).setPartitions(List.of(
                new OffsetCommitRequestData.OffsetCommitRequestPartition().setCommittedOffset(5))));
        try {
            var answer = (OffsetCommitResponseData) broker.call(ApiKeys.OFFSET_COMMIT, 8, request);
            return Errors.forCode(answer.topics().get(0).partitions().get(0).errorCode());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
