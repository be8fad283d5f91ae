package org.milena.broker.handler.produce;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.network.WireClient;
import org.milena.broker.testing.EmbeddedBroker;

/** kafka-clients make no answer to a produce request that is wrong and has no records: its connection is closed, and does not hang. */
class UnanswerableProduceTest {

    @TempDir
    Path dir;

    /** The first request moves the connection to its data loop; what comes in the same burst is worked on there, outside of any read. */
    @Test
    void theConnectionIsClosed() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir); Admin admin = Admin.create(broker.properties());
             WireClient client = new WireClient(broker.port())) {
            admin.createTopics(List.of(new NewTopic("t", 1, (short) 1))).all().get(30, TimeUnit.SECONDS);
            ByteBuffer burst = ByteBuffer.allocate(1000);
            burst.put(WireClient.frame(ApiKeys.PRODUCE, 7, 1, produce(-1, MemoryRecords.withRecords(Compression.NONE, new SimpleRecord("v".getBytes())))));
            burst.put(WireClient.frame(ApiKeys.PRODUCE, 7, 2, produce(32001, null)));
            client.send(burst.flip());
            client.receive(ApiKeys.PRODUCE, 7, 1);
            assertThatThrownBy(() -> client.receive(ApiKeys.PRODUCE, 7, 2)).isInstanceOf(EOFException.class);
        }
    }

    private static ProduceRequestData produce(int acks, MemoryRecords records) {
        ProduceRequestData request = new ProduceRequestData().setAcks((short) acks).setTimeoutMs(1000);
        request.topicData().add(new TopicProduceData().setName("t").setPartitionData(List.of(new PartitionProduceData().setIndex(0).setRecords(records))));
        return request;
    }
}
