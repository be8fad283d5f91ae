package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Nothing that is not committed may be deleted: it could still be cut off, and its offset given to another record. */
class HighWatermarkTest {

    private static final Path DIR = Path.of("/logs");
    private final SimulatedDisk disk = new SimulatedDisk();
    private final LogFixture fixture = new LogFixture(disk, DIR);
    private final AtomicLong committed = new AtomicLong(25);

    @BeforeEach
    void open() {
        fixture.config = LogFixture.config(1000, Long.MAX_VALUE, -1, 10_000);
        fixture.open();
        for (int i = 0; i < 60; i++) {
            fixture.append("value-" + i);
        }
        fixture.log().boundBy(committed::get);
    }

    @Test
    void retentionStopsBeforeTheSegmentThatHoldsIt() {
        fixture.now.addAndGet(10_001);
        fixture.manager.enforceRetention();
        long start = fixture.log().logStartOffset();
        assertThat(start).isPositive().isLessThanOrEqualTo(25);
        committed.set(60);
        fixture.manager.enforceRetention();
        assertThat(fixture.log().logStartOffset()).isEqualTo(60);
    }

    @Test
    void recordsAboveItCannotBeDeleted() {
        assertThatThrownBy(() -> fixture.log().advanceLogStart(26)).isInstanceOf(OffsetOutOfRangeException.class)
                .hasMessageContaining("high watermark is 25");
        fixture.log().advanceLogStart(25);
        assertThat(fixture.log().logStartOffset()).isEqualTo(25);
    }

    @Test
    void compactionStopsThere() {
        assertThat(new LogCompaction(fixture.log()).stableOffset()).isEqualTo(25);
    }

    @Test
    void itIsCheckpointedAsKafkaDoes() {
        fixture.manager.checkpoint();
        assertThat(new String(disk.image().get(DIR.resolve("replication-offset-checkpoint")), StandardCharsets.UTF_8)).isEqualTo("0\n1\norders 0 25\n");
    }
}
