package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A start after a crash reads from the recovery point on, which checkpoints move within a segment. */
class RecoveryPointTest {

    private static final Path DIR = Path.of("/logs");
    private static final Path SEGMENT = DIR.resolve("orders-0/00000000000000000000.log");
    private final SimulatedDisk disk = new SimulatedDisk();
    private final LogFixture fixture = new LogFixture(disk, DIR);
    private final List<String> expected = new ArrayList<>();

    @BeforeEach
    void open() {
        fixture.config = LogFixture.config(100_000);
        fixture.open();
    }

    private void append(int count) {
        for (int i = 0; i < count; i++) {
            int sequence = expected.size();
            fixture.now.incrementAndGet();
            fixture.log().append(fixture.idempotent(9, 0, sequence, "v" + sequence), AppendOrigin.CLIENT, 3);
            expected.add(sequence + "=v" + sequence);
        }
    }

    private void crash() {
        disk.kill();
        fixture.open();
        assertThat(fixture.manager.failure(LogFixture.TP)).isEmpty();
    }

    @Test
    void whatLiesBelowItIsNotScanned() {
        append(200);
        fixture.manager.checkpoint();
        assertThat(fixture.log().recoveryPoint()).as("moved by the checkpoint").isEqualTo(200);
        append(50);
        disk.flipBit(SEGMENT, 1000, 3);
        crash();
        assertThat(fixture.log().logEndOffset()).isEqualTo(250);
        assertThat(LogFixture.contents(fixture.log(), 100)).isEqualTo(expected.subList(100, 250));
        assertThatThrownBy(() -> LogFixture.contents(fixture.log())).isInstanceOf(KafkaException.class);
    }

    @Test
    void whatLiesAboveItIs() {
        append(200);
        fixture.manager.checkpoint();
        int flushed = fixture.log().segments().iterator().next().size();
        append(50);
        disk.flipBit(SEGMENT, flushed + 500, 3);
        disk.kill();
        fixture.open();
        assertThat(fixture.manager.failure(LogFixture.TP)).hasValueSatisfying(e -> assertThat(e).hasMessageContaining("CRC does not match"));
    }

    @Test
    void nothingElseIsDifferentAfterIt() {
        append(200);
        fixture.manager.checkpoint();
        append(100);
        fixture.manager.checkpoint();
        append(30);
        crash();
        assertThat(LogFixture.contents(fixture.log())).isEqualTo(expected);
        for (int i = 0; i < 330; i += 13) {
            assertThat(fixture.log().offsetForTimestamp(LogFixture.START_MS + 1 + i, 330).orElseThrow().offset()).isEqualTo(i);
        }
        assertThat(fixture.log().offsetOfMaxTimestamp(330).orElseThrow().offset()).isEqualTo(329);
        assertThat(fixture.log().latestEpoch()).hasValue(3);
        assertThat(fixture.log().append(fixture.idempotent(9, 0, 329, "v329"), AppendOrigin.CLIENT, 3).duplicate()).isTrue();
        append(1);
        crash();
        assertThat(LogFixture.contents(fixture.log())).isEqualTo(expected);
    }

    @Test
    void abortedTransactionsOnBothSidesOfItAreKnownOnce() {
        abort(1);
        append(200);
        fixture.manager.checkpoint();
        abort(2);
        crash();
        long end = fixture.log().logEndOffset();
        assertThat(fixture.log().abortedTransactions(0, end)).extracting(t -> t.producerId()).containsExactly(101L, 102L);
        assertThat(fixture.log().firstUnstableOffset()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void segmentsRolledBeforeTheCrashKeepTheTimeOfTheirLastRecord() {
        fixture.config = LogFixture.config(2000);
        append(100);
        crash();
        fixture.close();
        fixture.open();
        for (int i = 0; i < 100; i++) {
            assertThat(fixture.log().offsetForTimestamp(LogFixture.START_MS + 1 + i, 100).orElseThrow().offset()).isEqualTo(i);
        }
    }

    private void abort(int producer) {
        LogFixture.admitted(fixture.log(), fixture.transactional(100 + producer, 0, 0, "gone"));
        fixture.abort(100 + producer, 0, 0);
    }

    @Test
    void anIndexFromBeforeATruncationIsNotBelieved() {
        append(300);
        fixture.manager.checkpoint();
        fixture.log().truncateTo(100);
        expected.subList(100, 300).clear();
        for (int i = 0; i < 150; i++) {
            String value = "longer than before " + i;
            expected.add(fixture.append(value).firstOffset() + "=" + value);
        }
        fixture.log().flush();
        fixture.manager.checkpoint();
        crash();
        assertThat(LogFixture.contents(fixture.log())).isEqualTo(expected);
    }

    @Test
    void aDamagedIndexOrSnapshotOnlyCostsTime() {
        append(200);
        fixture.manager.checkpoint();
        append(10);
        Path index = DIR.resolve("orders-0/00000000000000000000.index");
        for (Path file : List.of(index, DIR.resolve("orders-0/00000000000000000000.timeindex"), ProducerSnapshots.file(DIR.resolve("orders-0"), 200))) {
            for (int i = 0; i < 6; i++) {
                disk.flipBit(file, i * 5 + 3, 5);
            }
            crash();
            assertThat(LogFixture.contents(fixture.log())).isEqualTo(expected);
            assertThat(fixture.log().append(fixture.idempotent(9, 0, 209, "v209"), AppendOrigin.CLIENT, 3).duplicate()).isTrue();
        }
    }
}
