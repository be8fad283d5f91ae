package org.milena.tests.wire;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.milena.tests.broker.BrokerUnderTest;

/** The record batches of a partition as they lie in the log: what consumers hide. */
public final class Batches {
    private Batches() { }

    /** All batches of the partition from its start to the high watermark. */
    public static List<RecordBatch> of(String topic, int partition) {
        List<RecordBatch> all = new ArrayList<>();
        try (RawClient client = new RawClient(BrokerUnderTest.bootstrap())) {
            long offset = 0;
            while (true) {
                FetchResponseData.PartitionData data = fetch(client, topic, partition, offset);
                if (data.errorCode() != 0) throw new AssertionError(topic + "-" + partition + ": " + Errors.forCode(data.errorCode()));
                MemoryRecords records = (MemoryRecords) data.records();
                for (RecordBatch batch : records.batches()) {
                    all.add(batch);
                    offset = batch.nextOffset();
                }
                if (offset >= data.highWatermark()) return all;
            }
        }
    }

    /** One fetch by the last version that names topics by their names, at most 4 MB, answered at once. */
    public static FetchResponseData.PartitionData fetch(RawClient client, String topic, int partition, long offset) {
        FetchRequestData request = new FetchRequestData().setMaxWaitMs(0).setMinBytes(0).setMaxBytes(4 << 20).setSessionEpoch(-1)
            .setTopics(List.of(new FetchRequestData.FetchTopic().setTopic(topic).setPartitions(List.of(
                new FetchRequestData.FetchPartition().setPartition(partition).setFetchOffset(offset).setPartitionMaxBytes(4 << 20)))));
        FetchResponseData response = client.send(request, 12);
        return response.responses().get(0).partitions().get(0);
    }
}
