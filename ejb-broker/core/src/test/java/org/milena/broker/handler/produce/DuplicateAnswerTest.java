package org.milena.broker.handler.produce;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.network.WireClient;
import org.milena.broker.testing.EmbeddedBroker;

/** A batch that is in the log already is answered as Kafka 4.3.1 does: the original's offset, and its timestamp whatever its type. */
class DuplicateAnswerTest {

    private static final long WRITTEN_MS = System.currentTimeMillis() - 5_000;

    @TempDir
    Path dir;

    private static PartitionProduceResponse produce(WireClient client, long producerId) throws Exception {
        ProduceRequestData request = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(30_000);
        request.topicData().add(new TopicProduceData().setName("t").setPartitionData(List.of(new PartitionProduceData().setIndex(0)
                .setRecords(MemoryRecords.withIdempotentRecords(Compression.NONE, producerId, (short) 0, 0,
                        new SimpleRecord(WRITTEN_MS - 1, "a".getBytes()), new SimpleRecord(WRITTEN_MS, "b".getBytes()))))));
        ProduceResponseData answer = (ProduceResponseData) client.call(ApiKeys.PRODUCE, 9, request);
        return answer.responses().iterator().next().partitionResponses().get(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"CreateTime", "LogAppendTime"})
    void theOriginalsOffsetAndTimestamp(String type) throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir)) {
            try (Admin admin = Admin.create(broker.properties()); WireClient client = new WireClient(broker.port())) {
                admin.createTopics(List.of(new NewTopic("t", 1, (short) 1).configs(Map.of("message.timestamp.type", type)))).all().get(30, TimeUnit.SECONDS);
                long producerId = ((InitProducerIdResponseData) client.call(ApiKeys.INIT_PRODUCER_ID, 4,
                        new InitProducerIdRequestData().setTransactionalId(null).setTransactionTimeoutMs(1000))).producerId();
                PartitionProduceResponse first = produce(client, producerId);
                PartitionProduceResponse again = produce(client, producerId);
                assertThat(first.logAppendTimeMs() == -1).isEqualTo(type.equals("CreateTime"));
                assertThat(again.errorCode()).isZero();
                assertThat(again.baseOffset()).isEqualTo(first.baseOffset());
                assertThat(again.logAppendTimeMs()).isEqualTo(type.equals("CreateTime") ? WRITTEN_MS : first.logAppendTimeMs());
            }
        }
    }
}
