package org.milena.broker.network;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.milena.broker.handler.ApiRegistry;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A frame becomes a request: header, dispatch by API, body; as for every produce and fetch on a data loop. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class RequestDecodingBenchmark {

    private static final Uuid TOPIC = new Uuid(1, 2);

    @Param({"1", "12"})
    public int partitions;

    private final RequestDispatcher dispatcher = new RequestDispatcher(new ApiRegistry()
            .register(ApiKeys.PRODUCE, (context, request) -> { }).register(ApiKeys.FETCH, (context, request) -> { }), () -> null);
    private final RequestMemory.Account account = new RequestMemory(1 << 20).open();
    private ByteBuf produce;
    private ByteBuf fetch;

    @Setup
    public void encode() {
        produce = request(ApiKeys.PRODUCE, produceRequest());
        fetch = request(ApiKeys.FETCH, fetchRequest());
    }

    private ProduceRequestData produceRequest() {
        List<ProduceRequestData.PartitionProduceData> data = new ArrayList<>();
        for (int i = 0; i < partitions; i++) {
            data.add(new ProduceRequestData.PartitionProduceData().setIndex(i)
                    .setRecords(MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(new byte[1024]))));
        }
        ProduceRequestData request = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(30_000);
        request.topicData().add(new ProduceRequestData.TopicProduceData().setTopicId(TOPIC).setPartitionData(data));
        return request;
    }

    private FetchRequestData fetchRequest() {
        List<FetchRequestData.FetchPartition> wanted = new ArrayList<>();
        for (int i = 0; i < partitions; i++) {
            wanted.add(new FetchRequestData.FetchPartition().setPartition(i).setFetchOffset(1000).setPartitionMaxBytes(1 << 20));
        }
        return new FetchRequestData().setMaxWaitMs(500).setMinBytes(1).setMaxBytes(50 << 20)
                .setTopics(List.of(new FetchRequestData.FetchTopic().setTopicId(TOPIC).setPartitions(wanted)));
    }

    private static ByteBuf request(ApiKeys key, ApiMessage body) {
        short version = key.latestVersion();
        RequestHeaderData header = new RequestHeaderData().setRequestApiKey(key.id).setRequestApiVersion(version)
                .setCorrelationId(7).setClientId("benchmark-client");
        ByteBuffer head = MessageUtil.toByteBufferAccessor(header, key.requestHeaderVersion(version)).buffer();
        ByteBuffer tail = MessageUtil.toByteBufferAccessor(body, version).buffer();
        return Unpooled.directBuffer().writeBytes(head).writeBytes(tail);
    }

    @Benchmark
    public Object produce() {
        return dispatcher.parse(null, new Frame(produce, new RequestMemory.Lease(account)));
    }

    @Benchmark
    public Object fetch() {
        return dispatcher.parse(null, new Frame(fetch, new RequestMemory.Lease(account)));
    }
}
