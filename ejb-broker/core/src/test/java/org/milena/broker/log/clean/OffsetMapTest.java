package org.milena.broker.log.clean;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OffsetMapTest {

    @Test
    void answersWhatAHashMapAnswers() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("OffsetMapTest -Dseed=" + seed);
        Random random = new Random(seed);
        OffsetMap map = new OffsetMap(24 * 20_000, 0.9);
        Map<Integer, Long> model = new HashMap<>();
        for (long offset = 0; offset < 60_000 && !map.isFull(); offset++) {
            int key = random.nextInt(19_000);
            model.put(key, offset);
            map.put(key(key), offset);
        }
        assertThat(map.size()).isEqualTo(model.size()).isGreaterThan(15_000);
        for (int key = 0; key < 20_000; key++) {
            assertThat(map.get(key(key))).isEqualTo(model.getOrDefault(key, -1L));
        }
        map.clear();
        assertThat(map.size()).isZero();
        assertThat(map.get(key(1))).isEqualTo(-1);
    }

    @Test
    void isFullAtItsLoadFactor() {
        OffsetMap map = new OffsetMap(24 * 10, 0.5);
        for (int key = 0; key < 5; key++) {
            assertThat(map.isFull()).isFalse();
            map.put(key(key), key);
        }
        assertThat(map.isFull()).isTrue();
        assertThat(map.get(key(3))).isEqualTo(3);
        assertThat(map.get(key(7))).as("a search in a full map ends").isEqualTo(-1);
    }

    @Test
    void refusesABufferWithoutRoom() {
        assertThatThrownBy(() -> new OffsetMap(24, 0.9))
            .hasMessage("log.cleaner.dedupe.buffer.size=24 with log.cleaner.io.buffer.load.factor=0.9 has no room for a single key");
    }

    private static ByteBuffer key(int key) {
        return ByteBuffer.wrap(("key-" + key).getBytes());
    }
}
