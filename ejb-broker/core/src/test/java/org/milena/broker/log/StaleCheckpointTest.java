package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the checkpoint files say of a partition that is no more must not be believed of one with the same name. */
class StaleCheckpointTest {

    private static final Path DIR = Path.of("/logs");
    private static final Uuid SUCCESSOR = new Uuid(8, 8);
    private final SimulatedDisk disk = new SimulatedDisk();
    private final LogFixture fixture = new LogFixture(disk, DIR);

    @BeforeEach
    void aCheckpointedLog() {
        fixture.open();
        for (int i = 0; i < 50; i++) {
            fixture.append("old" + i);
        }
        fixture.log().flush();
        fixture.log().advanceLogStart(20);
        fixture.manager.checkpoint();
        assertThat(line(LogNames.RECOVERY_POINTS)).contains("orders 0 50");
        assertThat(line(LogNames.LOG_STARTS)).contains("orders 0 20");
        assertThat(line(LogNames.HIGH_WATERMARKS)).contains("orders 0 50");
    }

    private String line(String checkpoint) {
        return new String(disk.image().get(DIR.resolve(checkpoint)), StandardCharsets.UTF_8);
    }

    @Test
    void aTopicCreatedAgainKeepsItsRecordsThroughACrashBeforeTheNextCheckpoint() {
        fixture.manager.delete(LogFixture.TP);
        createAgainAndCrash();
    }

    @Test
    void norDoLinesOfADirectoryThatSomebodyRemovedCountForItsSuccessor() {
        disk.kill();
        for (Path file : disk.image().keySet()) {
            if (file.startsWith(DIR.resolve("orders-0"))) {
                disk.delete(file);
            }
        }
        disk.delete(DIR.resolve("orders-0"));
        fixture.open();
        createAgainAndCrash();
    }

    private void createAgainAndCrash() {
        PartitionLog log = fixture.manager.getOrCreate(LogFixture.TP, SUCCESSOR, fixture.config, true);
        log.append(fixture.batch("a", "b", "c"), AppendOrigin.CLIENT, 0);
        disk.kill();
        fixture.open();
        assertThat(fixture.manager.failure(LogFixture.TP)).isEmpty();
        PartitionLog after = fixture.manager.log(LogFixture.TP).orElseThrow();
        assertThat(after.topicId()).isEqualTo(SUCCESSOR);
        assertThat(after.logStartOffset()).isZero();
        assertThat(LogFixture.contents(after)).containsExactly("0=a", "1=b", "2=c");
    }

    @Test
    void creatingManyOtherPartitionsWritesNoCheckpoint() {
        int forces = disk.forces();
        fixture.manager.delete(LogFixture.TP);
        for (int i = 1; i < 20; i++) {
            fixture.manager.getOrCreate(new org.apache.kafka.common.TopicPartition("orders", i), LogFixture.TOPIC_ID, fixture.config, true);
        }
        assertThat(disk.forces() - forces).as("one per partition.metadata").isEqualTo(19);
    }
}
