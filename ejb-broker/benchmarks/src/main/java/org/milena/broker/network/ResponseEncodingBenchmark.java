package org.milena.broker.network;

import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
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

/** A response becomes one pooled buffer of the right size. The fetched records (1 KiB a partition) lie in memory: no disk is measured. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class ResponseEncodingBenchmark {

    private static final Uuid TOPIC = new Uuid(1, 2);

    @Param({"1", "12"})
    public int partitions;

    private final PooledByteBufAllocator allocator = new PooledByteBufAllocator(true);
    private ProduceResponseData produce;
    private FetchResponseData fetch;

    @Setup
    public void build() {
        List<ProduceResponseData.PartitionProduceResponse> produced = new ArrayList<>();
        List<FetchResponseData.PartitionData> fetched = new ArrayList<>();
        for (int i = 0; i < partitions; i++) {
            produced.add(new ProduceResponseData.PartitionProduceResponse().setIndex(i).setBaseOffset(1000).setLogStartOffset(0));
            fetched.add(new FetchResponseData.PartitionData().setPartitionIndex(i).setHighWatermark(1000).setLastStableOffset(1000).setLogStartOffset(0)
                    .setRecords(MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(new byte[1024]))));
        }
        produce = new ProduceResponseData();
        produce.responses().add(new ProduceResponseData.TopicProduceResponse().setTopicId(TOPIC).setPartitionResponses(produced));
        fetch = new FetchResponseData().setResponses(List.of(new FetchResponseData.FetchableTopicResponse().setTopicId(TOPIC).setPartitions(fetched)));
    }

    @Benchmark
    public long produce() {
        return encode(ApiKeys.PRODUCE, produce);
    }

    @Benchmark
    public long fetch() {
        return encode(ApiKeys.FETCH, fetch);
    }

    private long encode(ApiKeys key, ApiMessage body) {
        short version = key.latestVersion();
        ResponseEncoder.Encoded encoded = ResponseEncoder.encode(allocator, 7, key.responseHeaderVersion(version), body, version);
        long bytes = encoded.bytes();
        encoded.release();
        return bytes;
    }
}
