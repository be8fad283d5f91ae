package org.milena.broker.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.LogConfigs;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.DirectoryExecutor;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.LogManagerOptions;
import org.milena.broker.log.NioDisk;
import org.milena.broker.time.BrokerClock;

/** What a partition and its log tell each other. */
class LeadershipOnDiskTest {

    private static final TopicPartition TP = new TopicPartition("orders", 0);
    private static final Uuid ID = new Uuid(1, 2);
    @TempDir
    private Path dir;
    private FileLogManager logs;
    private ReplicaManager replicas;

    @BeforeEach
    void open() {
        DirectoryExecutor sameThread = new DirectoryExecutor() {
            @Override
            public boolean inContext() {
                return true;
            }

            @Override
            public Executor forPartition(TopicPartition partition) {
                return Runnable::run;
            }
        };
        logs = FileLogManager.open(new LogManagerOptions(List.of(dir), 1, new NioDisk(), BrokerClock.SYSTEM, path -> sameThread, Runnable::run, 100,
                86_400_000, config(Long.MAX_VALUE)));
        replicas = new ReplicaManager(logs, AppendGate.OPEN);
    }

    @AfterEach
    void close() {
        logs.close();
    }

    private static LogConfig config(long flushMessages) {
        return LogConfigs.of(BrokerConfig.of(Map.of()), Map.of("flush.messages", Long.toString(flushMessages)), false);
    }

    private static void append(Partition partition) {
        partition.append(MemoryRecords.withRecords(Compression.NONE, new SimpleRecord("value".getBytes())).buffer(), AppendOrigin.CLIENT, 1, error -> { });
    }

    @Test
    void whereRecordsMustBeOnDiskThoseThatACrashLeftUnsyncedAreBeforeAnybodyReadsThem() {
        append(replicas.lead(TP, ID, 0, config(Long.MAX_VALUE)));
        assertThat(logs.log(TP).orElseThrow().recoveryPoint()).isZero();
        Partition again = replicas.lead(TP, ID, 1, config(1));
        assertThat(again.highWatermark()).isEqualTo(1);
        assertThat(again.log().recoveryPoint()).isEqualTo(1);
    }

    @Test
    void recordsThatWaitForTheDiskAreNotCommittedAndCannotBeDeleted() {
        Partition partition = replicas.lead(TP, ID, 0, config(1));
        append(partition);
        assertThat(partition.log().logEndOffset()).isEqualTo(1);
        assertThat(partition.log().highWatermark()).isZero();
        assertThatThrownBy(() -> partition.log().advanceLogStart(1)).isInstanceOf(OffsetOutOfRangeException.class);
        Thread flusher = new Thread(logs.flushers().get(0));
        flusher.start();
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (partition.log().highWatermark() == 0 && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(partition.log().highWatermark()).isEqualTo(1);
        partition.log().advanceLogStart(1);
    }
}
