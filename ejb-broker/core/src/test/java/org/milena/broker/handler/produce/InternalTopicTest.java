package org.milena.broker.handler.produce;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.network.WireClient;
import org.milena.broker.testing.EmbeddedBroker;

/** Clients do not write to the coordinators' topics: what they wrote would be replayed as groups and offsets. */
class InternalTopicTest {

    @TempDir
    Path dir;

    @Test
    void aClientMayNotProduceToTheOffsetsTopic() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir); WireClient client = new WireClient(broker.port())) {
            broker.broker().topics().internalTopic("__consumer_offsets").join();
            ProduceRequestData request = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(30_000);
            request.topicData().add(new TopicProduceData().setName("__consumer_offsets").setPartitionData(List.of(new PartitionProduceData().setIndex(0)
                    .setRecords(MemoryRecords.withRecords(Compression.NONE, new SimpleRecord("key".getBytes(), "garbage".getBytes()))))));
            ProduceResponseData answer = (ProduceResponseData) client.call(ApiKeys.PRODUCE, 9, request);
            var partition = answer.responses().iterator().next().partitionResponses().get(0);
            assertThat(Errors.forCode(partition.errorCode())).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
            assertThat(broker.broker().replicas().partition("__consumer_offsets", 0).highWatermark()).isZero();
        }
    }

    @Test
    void norDoesItsTransactionGrowByIt() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir); WireClient client = new WireClient(broker.port())) {
            broker.broker().topics().internalTopic("__consumer_offsets").join();
            broker.broker().topics().internalTopic("__transaction_state").join();
            InitProducerIdResponseData producer = producerId(client);
            assertThat(Errors.forCode(producer.errorCode())).isEqualTo(Errors.NONE);
            ProduceRequestData request = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(30_000).setTransactionalId("tx");
            request.topicData().add(new TopicProduceData().setName("__consumer_offsets").setPartitionData(List.of(new PartitionProduceData().setIndex(0)
                    .setRecords(MemoryRecords.withTransactionalRecords(Compression.NONE, producer.producerId(), producer.producerEpoch(), 0,
                            new SimpleRecord("key".getBytes(), "garbage".getBytes()))))));
            ProduceResponseData answer = (ProduceResponseData) client.call(ApiKeys.PRODUCE, 12, request);
            var partition = answer.responses().iterator().next().partitionResponses().get(0);
            assertThat(Errors.forCode(partition.errorCode())).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
            assertThat(broker.broker().transactions().describe(List.of("tx")).join().get(0).transactionState()).isEqualTo("Empty");
        }
    }

    /** The coordinator of a topic that was just made is still loading: nobody waits for that. */
    private static InitProducerIdResponseData producerId(WireClient client) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        InitProducerIdResponseData producer;
        do {
            producer = (InitProducerIdResponseData) client.call(ApiKeys.INIT_PRODUCER_ID, 5,
                    new InitProducerIdRequestData().setTransactionalId("tx").setTransactionTimeoutMs(60_000));
        } while (producer.errorCode() == Errors.COORDINATOR_LOAD_IN_PROGRESS.code() && System.nanoTime() < deadline);
        return producer;
    }
}
