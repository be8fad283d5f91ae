package org.milena.broker.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.log.Disk;
import org.milena.broker.log.NioDisk;
import org.milena.broker.time.BrokerClock;

class MeasuredDiskTest {

    private final List<Long> flushes = new ArrayList<>();
    private long now;
    private final BrokerClock clock = new BrokerClock() {
        @Override
        public long millis() {
            return 0;
        }

        @Override
        public long nanoTime() {
            return now += 7;
        }
    };

    @Test
    void everyFsyncIsTimedAndNothingElse(@TempDir Path directory) throws IOException {
        Disk disk = new MeasuredDisk(new NioDisk(), clock, flushes::add);
        Path file = directory.resolve("a");
        try (Disk.Handle handle = disk.open(file, Disk.Mode.CREATE)) {
            handle.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
            assertThat(handle.size()).isEqualTo(3);
            assertThat(flushes).isEmpty();
            handle.force();
            handle.force();
        }
        assertThat(flushes).containsExactly(7L, 7L);
        assertThat(Files.readAllBytes(file)).containsExactly(1, 2, 3);
    }
}
