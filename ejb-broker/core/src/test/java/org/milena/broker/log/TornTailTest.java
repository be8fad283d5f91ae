package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.junit.jupiter.api.Test;

/** A power cut without flush.messages: what it took, how far the log goes back, and what is left alone (docs/decisions/0004). */
class TornTailTest {

    private static final Path DIR = Path.of("/logs");
    private static final Path PARTITION = DIR.resolve("orders-0");
    private SimulatedDisk disk = new SimulatedDisk();
    private LogFixture fixture = new LogFixture(disk, DIR);
    private final List<String> appended = new ArrayList<>();

    private void open(int segmentBytes) {
        fixture.config = LogFixture.config(segmentBytes);
        fixture.open();
        fixture.manager.failure(LogFixture.TP).ifPresent(e -> {
            throw e;
        });
        fixture.log();
        fixture.manager.saveTopicConfigs(LogFixture.TOPIC_ID, Map.of("cleanup.policy", "delete"));
    }

    private void append(int count) {
        for (int i = 0; i < count; i++) {
            String value = "v".repeat(600) + appended.size();
            appended.add(fixture.append(value).firstOffset() + "=" + value);
        }
    }

    private List<Path> segments() {
        return disk.image().keySet().stream().filter(p -> p.startsWith(PARTITION) && p.toString().endsWith(LogSegment.LOG)).sorted().toList();
    }

    private void change(Path file, java.util.function.UnaryOperator<byte[]> change) {
        disk.kill();
        Map<Path, byte[]> image = disk.image();
        image.put(file, change.apply(image.get(file)));
        disk.restore(image);
    }

    private void expectTheFirst(int records) {
        open(4000);
        assertThat(LogFixture.contents(fixture.log())).isEqualTo(appended.subList(0, records));
        assertThat(fixture.append("on it goes").firstOffset()).isEqualTo(records);
        disk.kill();
        open(4000);
        assertThat(LogFixture.contents(fixture.log())).hasSize(records + 1);
    }

    @Test
    void aRandomPowerCutLeavesAPrefixNotBelowTheRecoveryPointAndNeverAnOfflinePartition() throws Exception {
        Seeds.each(60, 5000, random -> {
            disk = new SimulatedDisk();
            fixture = new LogFixture(disk, DIR);
            appended.clear();
            for (int life = 0; life < 4; life++) {
                live(random);
            }
        });
    }

    @Test
    void aTailThatHasBeenCutNeverStandsAgain() {
        open(4000);
        append(2);
        fixture.log().flush();
        fixture.manager.checkpoint();
        Path file = segments().get(0);
        int whole = disk.image().get(file).length;
        change(file, bytes -> Arrays.copyOf(bytes, whole + 19)); // 19 bytes of a batch that was being written
        open(4000);
        disk.powerCut(new Random() {
            @Override
            public int nextInt(int bound) {
                return 0; // nothing that was not fsynced survives
            }
        });
        assertThat(disk.image().get(file)).hasSize(whole);
    }

    @Test
    void aDamagedSizeIsNotTakenForATornTail() {
        open(1500);
        append(10);
        Path file = segments().get(0);
        int last = lastBatch(disk.image().get(file));
        change(file, bytes -> {
            bytes[last + 9] ^= 4; // the size field, far beyond the file's end now
            return bytes;
        });
        Map<Path, byte[]> damaged = disk.image();
        assertThatThrownBy(() -> open(1500)).isInstanceOf(KafkaStorageException.class)
                .hasMessageContaining("and yet it is whole: its size is damaged").hasMessageContaining("kafka-dump-log --deep-iteration --files " + file);
        damaged.forEach((path, bytes) -> {
            if (path.toString().endsWith(LogSegment.LOG)) {
                assertThat(disk.image().get(path)).as(path.toString()).isEqualTo(bytes);
            }
        });
    }

    private static int lastBatch(byte[] log) {
        ByteBuffer bytes = ByteBuffer.wrap(log);
        int at = 0;
        while (at + BatchHeader.size(bytes, at) < log.length) {
            at += BatchHeader.size(bytes, at);
        }
        return at;
    }

    private void live(Random random) {
        open(500 + random.nextInt(3000));
        List<String> found = LogFixture.contents(fixture.log());
        assertThat(appended.subList(0, found.size())).isEqualTo(found);
        appended.subList(found.size(), appended.size()).clear();
        long promised = fixture.log().recoveryPoint();
        for (int i = 0; i < random.nextInt(60); i++) {
            if (random.nextInt(15) == 0) {
                fixture.log().flush();
                promised = fixture.log().recoveryPoint();
            } else if (random.nextInt(15) == 0) {
                fixture.manager.checkpoint();
            } else {
                String value = "v" + random.nextInt(1000) + "x".repeat(random.nextInt(100));
                appended.add(fixture.append(value).firstOffset() + "=" + value);
            }
        }
        disk.powerCut(random);
        fixture.open();
        assertThat(fixture.manager.failure(LogFixture.TP)).isEmpty();
        assertThat(fixture.log().logEndOffset()).isGreaterThanOrEqualTo(promised);
        disk.kill();
    }

    @Test
    void aTailTornBeforeARollTakesTheSegmentsBehindItAlong() {
        open(4000);
        append(20);
        change(segments().get(1), bytes -> Arrays.copyOf(bytes, bytes.length - 100));
        int perSegment = (int) Long.parseLong(segments().get(1).getFileName().toString().substring(0, 20));
        expectTheFirst(2 * perSegment - 1);
        assertThat(segments()).hasSize(2);
    }

    @Test
    void soDoesASegmentThatLostWholeBatches() {
        open(4000);
        append(20);
        int batch = 61 + 600;
        change(segments().get(1), bytes -> Arrays.copyOf(bytes, batch / 2));
        int perSegment = (int) Long.parseLong(segments().get(1).getFileName().toString().substring(0, 20));
        expectTheFirst(perSegment);
    }

    @Test
    void aSectorThatWasNeverWrittenInTheMiddleOfASegmentIsTornTooThoughWholeBatchesFollow() {
        open(1 << 20);
        append(20);
        change(segments().get(0), bytes -> {
            Arrays.fill(bytes, 5 * 1024, 6 * 1024, (byte) 0);
            return bytes;
        });
        int whole = 0;
        for (int size = 0; size + bytesOf(whole) <= 5 * 1024; size += bytesOf(whole), whole++) {
            assertThat(whole).isLessThan(20);
        }
        open(1 << 20);
        assertThat(LogFixture.contents(fixture.log())).isEqualTo(appended.subList(0, whole));
    }

    private int bytesOf(int record) {
        String value = appended.get(record).substring(appended.get(record).indexOf('=') + 1);
        return fixture.batch(value).remaining();
    }

    @Test
    void aWholeButWrongBatchBeforeARollIsDamageAndNothingIsTouched() {
        open(4000);
        append(20);
        change(segments().get(0), bytes -> {
            bytes[bytes.length - 50] ^= 4;
            return bytes;
        });
        stepsAside("whose CRC does not match");
    }

    @Test
    void belowTheRecoveryPointATornTailIsDamage() {
        open(1 << 20);
        append(20);
        fixture.log().flush();
        fixture.manager.checkpoint();
        append(5);
        change(segments().get(0), bytes -> Arrays.copyOf(bytes, bytes.length / 2));
        stepsAside("offsets below 20 were known to be on disk");
    }

    private void stepsAside(String why) {
        Map<Path, byte[]> before = disk.image();
        fixture.open();
        assertThat(fixture.manager.failure(LogFixture.TP)).hasValueSatisfying(e -> assertThat(e).hasMessageContaining(why)
                .hasMessageContaining("kafka-dump-log --deep-iteration --files " + PARTITION).hasMessageContaining("Nothing was changed"));
        segments().forEach(segment -> assertThat(disk.image().get(segment)).isEqualTo(before.get(segment)));
    }

    @Test
    void recordsDeletedUpToTheEndAndThenLostGiveTheirOffsetsToNobody() {
        open(4000);
        append(10);
        fixture.log().flush();
        append(10);
        fixture.log().advanceLogStart(20);
        disk.powerCut(new Random(5) {
            @Override
            public int nextInt(int bound) {
                return 0;
            }
        });
        open(4000);
        assertThat(fixture.log().logStartOffset()).isEqualTo(20);
        assertThat(fixture.log().logEndOffset()).isEqualTo(20);
        assertThat(fixture.append("next").firstOffset()).isEqualTo(20);
        disk.kill();
        open(4000);
        assertThat(LogFixture.contents(fixture.log())).containsExactly("20=next");
    }
}
