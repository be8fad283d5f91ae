package org.milena.broker.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
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
import org.milena.broker.log.PartitionLog;
import org.milena.broker.time.BrokerClock;

/** What a partition shows after a restart. */
class RestartTest {

    private static final TopicPartition TP = new TopicPartition("t", 0);
    private static final Uuid ID = new Uuid(3, 3);

    @TempDir
    Path dir;

    private FileLogManager open(Path path, LogConfig config) {
        DirectoryExecutor here = new DirectoryExecutor() {
            @Override
            public boolean inContext() {
                return true;
            }

            @Override
            public Executor forPartition(TopicPartition partition) {
                return Runnable::run;
            }
        };
        return FileLogManager.open(new LogManagerOptions(List.of(path), 1, new NioDisk(), BrokerClock.SYSTEM, p -> here,
                Runnable::run, 20, 86_400_000, config));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file)));
            }
        }
    }

    /** Else a reader sees, and a producer that tries again is told it has, what a power cut now would take back. */
    @Test
    void withFlushMessagesWhatAKilledBrokerLeftIsOnDiskBeforeItIsShown() throws IOException {
        LogConfig config = LogConfigs.of(BrokerConfig.of(Map.of("milena.data.dir", dir.toString())), Map.of("flush.messages", "1"), false);
        FileLogManager killed = open(dir.resolve("killed"), config);
        ByteBuffer batch = MemoryRecords.withIdempotentRecords(Compression.NONE, 9, (short) 0, 0,
                new SimpleRecord(System.currentTimeMillis(), "a".getBytes(StandardCharsets.UTF_8))).buffer();
        killed.getOrCreate(TP, ID, config, true).append(batch.duplicate(), AppendOrigin.CLIENT, 0);
        copy(dir.resolve("killed"), dir.resolve("again")); // as the kernel would keep it
        killed.close();

        FileLogManager logs = open(dir.resolve("again"), config);
        try {
            Partition partition = new ReplicaManager(logs, AppendGate.OPEN).lead(TP, ID, 1, config);
            PartitionLog log = partition.log();
            assertThat(log.logEndOffset()).isEqualTo(1);
            assertThat(partition.highWatermark()).isEqualTo(1);
            assertThat(log.recoveryPoint()).as("known to be on disk").isEqualTo(1);
        } finally {
            logs.close();
        }
    }
}
