package org.milena.broker.coordinator;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;

/** Feeds the batches of a log to a shard that is being loaded. Used by one thread at a time, the log's. */
final class LogReplay implements Consumer<ByteBuffer> {

    private final CoordinatorShard shard;
    private final String name;
    private volatile long records;

    LogReplay(CoordinatorShard shard, String name) {
        this.shard = shard;
        this.name = name;
    }

    long records() {
        return records;
    }

    @Override
    public void accept(ByteBuffer batches) {
        long count = records;
        for (MutableRecordBatch batch : MemoryRecords.readableRecords(batches).batches()) {
            for (Record record : batch) {
                count++;
                replay(batch, record);
            }
        }
        records = count;
    }

    private void replay(MutableRecordBatch batch, Record record) {
        try {
            if (batch.isControlBatch()) {
                ControlRecordType type = ControlRecordType.parse(record.key());
                if (type == ControlRecordType.COMMIT || type == ControlRecordType.ABORT) {
                    shard.endTransaction(batch.producerId(), type == ControlRecordType.COMMIT);
                }
            } else {
                shard.load(record, batch.isTransactional() ? batch.producerId() : -1);
            }
        } catch (RuntimeException e) {
            throw new IllegalStateException("The record of " + name + " at offset " + record.offset()
                    + " can't be read; inspect it with kafka-dump-log.sh --offsets-decoder: " + e.getMessage(), e);
        }
    }
}
