package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.junit.jupiter.api.Test;

/** Invariants 1, 2, 4 and 10 of the design, against a disk that crashes, tears, flips, fills up and fails. */
class CrashRecoveryTest {

    private static final Path DIR = Path.of("/logs");
    private static final Path PARTITION = DIR.resolve("orders-0");

    @Test
    void invariant1_aKilledProcessLosesNothingThatWasAppended() throws Exception {
        Seeds.each(40, 2000, random -> {
            SimulatedDisk disk = new SimulatedDisk();
            List<String> appended = new ArrayList<>();
            for (int life = 0; life < 4; life++) {
                LogFixture fixture = start(disk, Long.MAX_VALUE, random);
                assertThat(LogFixture.contents(fixture.log())).isEqualTo(appended);
                for (int i = 0; i < random.nextInt(60); i++) {
                    step(fixture, random, appended);
                }
                if (random.nextInt(4) == 0) {
                    fixture.close();
                } else {
                    disk.kill();
                }
            }
        });
    }

    @Test
    void invariant1_aPowerCutLosesNothingBelowTheLastFlush() throws Exception {
        Seeds.each(60, 5000, random -> {
            SimulatedDisk disk = new SimulatedDisk();
            List<String> appended = new ArrayList<>();
            for (int life = 0; life < 4; life++) {
                LogFixture fixture = start(disk, 1, random);
                List<String> found = LogFixture.contents(fixture.log());
                assertThat(appended.subList(0, found.size())).isEqualTo(found);
                appended.subList(found.size(), appended.size()).clear();
                long flushed = fixture.log().logEndOffset();
                for (int i = 0; i < random.nextInt(60); i++) {
                    step(fixture, random, appended);
                    flushed = fixture.log().recoveryPoint();
                }
                disk.powerCut(random);
                LogFixture after = start(disk, 1, random);
                assertThat(after.log().logEndOffset()).isGreaterThanOrEqualTo(flushed);
                found = LogFixture.contents(after.log());
                assertThat(appended.subList(0, found.size())).isEqualTo(found);
                appended.subList(found.size(), appended.size()).clear();
                disk.kill();
            }
        });
    }

    private LogFixture start(SimulatedDisk disk, long flushMessages, Random random) {
        LogFixture fixture = new LogFixture(disk, DIR);
        fixture.config = LogFixture.config(500 + random.nextInt(3000), flushMessages, -1, -1);
        fixture.open();
        fixture.manager.failure(LogFixture.TP).ifPresent(e -> {
            throw e;
        });
        fixture.log();
        fixture.manager.saveTopicConfigs(LogFixture.TOPIC_ID, Map.of("cleanup.policy", "delete"));
        return fixture;
    }

    private void step(LogFixture fixture, Random random, List<String> appended) {
        int dice = random.nextInt(20);
        if (dice == 0) {
            fixture.manager.checkpoint();
        } else if (dice < 4) {
            fixture.log().flush();
        } else {
            String[] values = new String[1 + random.nextInt(4)];
            for (int i = 0; i < values.length; i++) {
                values[i] = "v" + random.nextInt(1000) + "x".repeat(random.nextInt(100));
            }
            long first = fixture.append(values).firstOffset();
            assertThat(first).as("dense offsets").isEqualTo(appended.size());
            for (int i = 0; i < values.length; i++) {
                appended.add((first + i) + "=" + values[i]);
            }
        }
    }

    @Test
    void invariant1_theLastBatchTornAtEveryByteIsCutAndNothingElse() {
        SimulatedDisk disk = new SimulatedDisk();
        LogFixture fixture = new LogFixture(disk, DIR);
        fixture.open();
        fixture.append("a", "b");
        fixture.append("c");
        Path file = LogSegment.file(PARTITION, 0, LogSegment.LOG);
        int whole = disk.image().get(file).length;
        fixture.append("d", "e");
        disk.kill();
        Map<Path, byte[]> image = disk.image();
        byte[] bytes = image.get(file);
        for (int length = whole; length < bytes.length; length++) {
            for (boolean zeros : new boolean[] {false, true}) {
                byte[] torn = Arrays.copyOf(Arrays.copyOf(bytes, length), zeros ? bytes.length : length);
                if (Arrays.equals(torn, bytes)) {
                    continue;
                }
                image.put(file, torn);
                disk.restore(image);
                fixture.open();
                assertThat(LogFixture.contents(fixture.log())).as("torn at %s", length).containsExactly("0=a", "1=b", "2=c");
                assertThat(disk.image().get(file)).hasSize(whole);
                assertThat(fixture.append("f").firstOffset()).isEqualTo(3);
                disk.kill();
            }
        }
    }

    @Test
    void invariant4_theIdempotentProducerFindsItsLastBatchesAfterAnyCrash() throws Exception {
        Seeds.each(40, 2000, random -> {
            SimulatedDisk disk = new SimulatedDisk();
            int sequence = 0;
            List<String> expected = new ArrayList<>();
            for (int life = 0; life < 4; life++) {
                LogFixture fixture = start(disk, Long.MAX_VALUE, random);
                for (int i = 0; i < random.nextInt(30); i++) {
                    String value = "s" + sequence;
                    ByteBuffer batch = fixture.idempotent(9, 0, sequence, value);
                    long offset = fixture.log().append(batch, AppendOrigin.CLIENT, life).firstOffset();
                    LogAppendInfo again = fixture.log().append(fixture.idempotent(9, 0, sequence, value), AppendOrigin.CLIENT, life);
                    assertThat(again.duplicate()).isTrue();
                    assertThat(again.firstOffset()).isEqualTo(offset);
                    expected.add(offset + "=" + value);
                    sequence++;
                }
                disk.kill();
                LogFixture after = start(disk, Long.MAX_VALUE, random);
                if (sequence > 0) {
                    LogAppendInfo again = after.log().append(after.idempotent(9, 0, sequence - 1, "s" + (sequence - 1)), AppendOrigin.CLIENT, life);
                    assertThat(again.duplicate()).as("the last batch sent again after the crash").isTrue();
                }
                assertThat(LogFixture.contents(after.log())).isEqualTo(expected);
                disk.kill();
            }
        });
    }

    @Test
    void invariant10_aFlippedBitIsNeverRepairedSilently() throws Exception {
        Seeds.each(60, 5000, random -> {
            SimulatedDisk disk = new SimulatedDisk();
            LogFixture fixture = start(disk, Long.MAX_VALUE, random);
            List<String> appended = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                step(fixture, random, appended);
            }
            long checkpointed = random.nextBoolean() ? fixture.log().recoveryPoint() : 0;
            if (checkpointed > 0) {
                fixture.manager.checkpoint();
            }
            disk.kill();
            boolean outsideCrc = flipOneBit(disk, random);
            Map<Path, byte[]> damaged = disk.image();
            LogFixture after = new LogFixture(disk, DIR);
            after.open();
            if (after.manager.failure(LogFixture.TP).isPresent()) {
                String told = after.manager.failure(LogFixture.TP).get().getMessage();
                assertThat(told).contains("kafka-dump-log --deep-iteration --files " + PARTITION).contains("position").contains("Nothing was changed");
                assertThat(segments(disk.image())).usingRecursiveComparison().isEqualTo(segments(damaged));
                assertThatThrownBy(after::log).isInstanceOf(KafkaStorageException.class).hasMessageContaining("kafka-dump-log");
            } else {
                onlyTheLastBatchIsMissingOrTheReaderNotices(after, appended, outsideCrc && after.log().recoveryPoint() > 0);
            }
        });
    }

    private static Map<Path, byte[]> segments(Map<Path, byte[]> image) {
        image.keySet().removeIf(p -> !p.toString().endsWith(LogSegment.LOG));
        return image;
    }

    /** True when the bit lies outside of the batch's CRC: base offset, length, leader epoch, magic. */
    private boolean flipOneBit(SimulatedDisk disk, Random random) {
        List<Path> logs = disk.image().entrySet().stream()
                .filter(e -> e.getKey().toString().endsWith(LogSegment.LOG) && e.getValue().length > 0).map(Map.Entry::getKey).toList();
        if (logs.isEmpty()) {
            return false;
        }
        Path file = logs.get(random.nextInt(logs.size()));
        ByteBuffer bytes = ByteBuffer.wrap(disk.image().get(file));
        int flipped = random.nextInt(bytes.limit());
        int batch = 0;
        while (batch + BatchHeader.size(bytes, batch) <= flipped) {
            batch += BatchHeader.size(bytes, batch);
        }
        disk.flipBit(file, flipped, random.nextInt(8));
        return flipped - batch <= BatchHeader.MAGIC;
    }

    private void onlyTheLastBatchIsMissingOrTheReaderNotices(LogFixture after, List<String> appended, boolean outsideCrc) {
        List<String> values = appended.stream().map(s -> s.substring(s.indexOf('=') + 1)).toList();
        try {
            List<String> found = LogFixture.contents(after.log()).stream().map(s -> s.substring(s.indexOf('=') + 1)).toList();
            assertThat(values).containsAll(found);
            if (!outsideCrc) {
                assertThat(values.subList(0, found.size())).isEqualTo(found);
                assertThat(values.size() - found.size()).as("at most the last batch").isLessThanOrEqualTo(4);
            }
        } catch (KafkaException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    @Test
    void invariant1_aFullDiskTakesTheDirectoryOfflineAndNothingAppendedIsLost() throws Exception {
        Seeds.each(20, 500, random -> {
            SimulatedDisk disk = new SimulatedDisk();
            LogFixture fixture = start(disk, Long.MAX_VALUE, random);
            List<String> appended = new ArrayList<>();
            disk.capacity(disk.used() + 1000 + random.nextInt(2000));
            KafkaStorageException full = null;
            while (full == null) {
                try {
                    step(fixture, random, appended);
                } catch (KafkaStorageException e) {
                    full = e;
                }
            }
            assertThat(full).hasMessageContaining("No space left on device").hasMessageContaining("/logs");
            assertThat(fixture.log().directory().online()).isFalse();
            assertThatThrownBy(() -> fixture.log().read(0, 100, 1, true)).isInstanceOf(KafkaStorageException.class);
            disk.kill();
            disk.capacity(Long.MAX_VALUE);
            LogFixture after = start(disk, Long.MAX_VALUE, random);
            assertThat(LogFixture.contents(after.log())).isEqualTo(appended);
        });
    }

    @Test
    void invariant1_aFailedFsyncIsNeverRetried() {
        SimulatedDisk disk = new SimulatedDisk();
        LogFixture fixture = new LogFixture(disk, DIR);
        fixture.open();
        fixture.append("a");
        disk.fault((operation, file) -> {
            if (operation == SimulatedDisk.Operation.FORCE) {
                throw new IOException("Input/output error");
            }
        });
        assertThatThrownBy(() -> fixture.log().flush()).isInstanceOf(KafkaStorageException.class).hasMessageContaining("Input/output error");
        disk.fault((operation, file) -> { });
        SegmentedLog log = (SegmentedLog) fixture.manager.log(LogFixture.TP).orElseThrow();
        assertThatThrownBy(log::flush).isInstanceOf(KafkaStorageException.class).hasMessageContaining("offline since a flush of orders-0 failed");
        assertThatThrownBy(() -> fixture.append("b")).isInstanceOf(KafkaStorageException.class);
        fixture.close();
        assertThat(disk.exists(DIR.resolve(LogNames.CLEAN_SHUTDOWN))).isFalse();
    }
}
