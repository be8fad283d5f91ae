package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.network.WireClient;
import org.milena.broker.testing.EmbeddedBroker;

/**
 * Many long polls on one partition while a producer writes. Every poll waits for up to ten minutes and the client for twenty
 * seconds only: one missed wake-up fails the test, whatever the machine's speed.
 */
class FanOutTest {

    private static final short VERSION = 12;
    private static final int CONSUMERS = 50;

    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void everyLongPollIsWokenByEveryRecord(int directories) throws Exception {
        int records = Scene.count(500, 5000);
        String dirs = directories == 1 ? dir.resolve("a").toString() : dir.resolve("a") + "," + dir.resolve("b");
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of("log.dirs", dirs, "milena.log.dir.min.free", "0"))) {
            Scene.createTopic(broker.port(), "t", 1, Map.of());
            AtomicInteger[] positions = new AtomicInteger[CONSUMERS];
            AtomicReference<Throwable> error = new AtomicReference<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < CONSUMERS; i++) {
                AtomicInteger position = positions[i] = new AtomicInteger();
                threads.add(new Thread(() -> {
                    try (WireClient client = new WireClient(broker.port())) {
                        while (position.get() < records) {
                            position.set(poll(client, position.get()));
                        }
                    } catch (Throwable e) {
                        error.compareAndSet(null, e);
                    }
                }));
            }
            threads.forEach(Thread::start);
            try (var producer = Scene.producer(broker.port(), "linger.ms", "0")) {
                for (int i = 0; i < records; i++) {
                    Scene.get(Scene.send(producer, new TopicPartition("t", 0), "v" + i));
                    if (i % 10 == 0) { // now and then all of them wait again before the next record
                        int end = i + 1;
                        Scene.await("every consumer has record " + i, () -> error.get() != null || List.of(positions).stream().allMatch(p -> p.get() >= end));
                    }
                }
            }
            for (Thread thread : threads) {
                thread.join();
            }
            if (error.get() != null) {
                throw new AssertionError("A poll failed", error.get());
            }
            assertThat(positions).allSatisfy(p -> assertThat(p.get()).isEqualTo(records));
        }
    }

    /** Long-polls from an offset; returns the one behind what came. The records must begin where they were asked for. */
    private static int poll(WireClient client, int offset) throws Exception {
        FetchRequestData fetch = new FetchRequestData().setMaxBytes(1 << 20).setMinBytes(1).setMaxWaitMs(600_000).setSessionEpoch(-1);
        FetchRequestData.FetchTopic topic = new FetchRequestData.FetchTopic().setTopic("t");
        topic.partitions().add(new FetchRequestData.FetchPartition().setPartitionMaxBytes(1 << 20).setFetchOffset(offset));
        fetch.topics().add(topic);
        FetchResponseData answer = (FetchResponseData) client.call(ApiKeys.FETCH, VERSION, fetch);
        FetchResponseData.PartitionData data = answer.responses().get(0).partitions().get(0);
        assertThat(Errors.forCode(data.errorCode())).isEqualTo(Errors.NONE);
        int next = offset;
        for (var record : ((MemoryRecords) data.records()).records()) {
            if (record.offset() >= offset) {
                assertThat(record.offset()).isEqualTo(next++);
            }
        }
        assertThat(next).as("a poll returns only with records").isGreaterThan(offset);
        return next;
    }
}
