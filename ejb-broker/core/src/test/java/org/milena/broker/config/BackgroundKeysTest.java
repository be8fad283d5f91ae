package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Keys of what runs in the background. Where a key says how often, one broker does its work within the test, and one that does it once
 * a day has done nothing by then.
 */
class BackgroundKeysTest {

    private static final long HOUR = 3_600_000;

    @TempDir
    Path dir;

    private LiveBroker broker(String name, String... settings) {
        return LiveBroker.start(dir.resolve(name), settings);
    }

    private static String oldRecord(LiveBroker broker) throws Exception {
        String topic = broker.topic(Map.of("retention.ms", "1000"));
        broker.produced(topic, new SimpleRecord(broker.now() - HOUR, "v".getBytes()));
        return topic;
    }

    @Test
    @Proves("log.retention.check.interval.ms")
    void retentionIsCheckedAsOftenAsSaid() throws Exception {
        try (LiveBroker seldom = broker("seldom"); LiveBroker often = broker("often", "log.retention.check.interval.ms", "20")) {
            String kept = oldRecord(seldom);
            String deleted = oldRecord(often);
            LiveBroker.await("retention", () -> often.log(deleted).logStartOffset() == 1);
            assertThat(seldom.log(kept).logStartOffset()).isZero();
        }
    }

    @Test
    @Proves("log.flush.offset.checkpoint.interval.ms")
    void recoveryPointsAreWrittenAsOftenAsSaid() throws Exception {
        try (LiveBroker seldom = broker("seldom"); LiveBroker often = broker("often", "log.flush.offset.checkpoint.interval.ms", "20")) {
            String first = seldom.topic(Map.of("flush.messages", "1"));
            seldom.produced(first, seldom.record("k", "v"));
            String second = often.topic(Map.of("flush.messages", "1"));
            often.produced(second, often.record("k", "v"));
            LiveBroker.await("a checkpoint", () -> recoveryPoints(often).contains(second + " 0 1"));
            assertThat(recoveryPoints(seldom)).doesNotContain(first + " 0 1");
        }
    }

    private static List<String> recoveryPoints(LiveBroker broker) throws Exception {
        Path file = broker.dir().resolve("logs/recovery-point-offset-checkpoint");
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    @Test
    @Proves("num.recovery.threads.per.data.dir")
    void logsAreOpenedBySoManyThreads() throws Exception {
        LiveBroker broker = broker("b");
        try {
            broker.topic(5, Map.of());
            for (int threads : new int[] {1, 3}) {
                broker.close();
                broker = broker.again("num.recovery.threads.per.data.dir", String.valueOf(threads));
                assertThat(broker.threads("milena-recovery")).hasSize(threads);
            }
        } finally {
            broker.close();
        }
    }

    @Test
    @Proves("producer.id.expiration.ms")
    void idleProducersAreForgotten() throws Exception {
        assertThat(producersAfterAnHour(broker("default"))).isEqualTo(1);
        assertThat(producersAfterAnHour(broker("short", "producer.id.expiration.ms", "60000"))).isZero();
    }

    private static int producersAfterAnHour(LiveBroker started) throws Exception {
        try (LiveBroker broker = started) {
            String topic = broker.topic(Map.of());
            MemoryRecords batch = MemoryRecords.withIdempotentRecords(Compression.NONE, 5, (short) 0, 0, broker.record("k", "v"));
            assertThat(broker.produce(topic, 0, batch)).isEqualTo(Errors.NONE);
            broker.advance(HOUR);
            broker.housekeep();
            DescribeProducersRequestData request = new DescribeProducersRequestData();
            request.topics().add(new DescribeProducersRequestData.TopicRequest().setName(topic).setPartitionIndexes(List.of(0)));
            return ((DescribeProducersResponseData) broker.call(ApiKeys.DESCRIBE_PRODUCERS, 0, request))
                    .topics().get(0).partitions().get(0).activeProducers().size();
        }
    }

    @Test
    void internalTopicsAreKeptAndDeletedAsTheirOwnSettingsSay() throws Exception {
        try (LiveBroker broker = broker("b", "log.retention.ms", "1000")) {
            LiveBroker.get(broker.admin().alterConsumerGroupOffsets("g", Map.of(new org.apache.kafka.common.TopicPartition(broker.topic(Map.of()), 0),
                    new org.apache.kafka.clients.consumer.OffsetAndMetadata(3))).all());
            int partition = broker.embedded().broker().groups().partitionFor("g");
            var log = broker.embedded().broker().replicas().partition("__consumer_offsets", partition).log();
            broker.advance(HOUR);
            broker.housekeep();
            assertThat(log.logStartOffset()).as("the broker's default is not theirs").isZero();
            broker.alter(Type.TOPIC, "__consumer_offsets", "cleanup.policy", "compact,delete");
            broker.housekeep();
            assertThat(log.logStartOffset()).isEqualTo(log.logEndOffset()).isPositive();
        }
    }

    @Test
    void aClosedBrokerLeavesNoThread() throws Exception {
        LiveBroker broker = broker("b");
        broker.close();
        LiveBroker.await("threads end", () -> broker.threads("").stream().noneMatch(Thread::isAlive));
        assertThat(Arrays.asList("milena-watch", "milena-housekeeping-0", "milena-cleaner-0", "milena-flusher-0"))
                .allSatisfy(name -> assertThat(broker.threads(name)).isNotEmpty());
    }
}
