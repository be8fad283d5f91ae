package org.milena.broker.log.clean;

/**
 * Kafka's {@code log.cleaner.*} keys.
 *
 * @param dedupeBufferSize    {@code log.cleaner.dedupe.buffer.size}: bytes the map of keys may take
 * @param loadFactor          {@code log.cleaner.io.buffer.load.factor}: how full that map may get, below 1
 * @param ioBufferSize        {@code log.cleaner.io.buffer.size}: bytes read and written at a time, half for each
 * @param ioMaxBytesPerSecond {@code log.cleaner.io.max.bytes.per.second}: reads and writes together
 */
public record CleanerSettings(long dedupeBufferSize, double loadFactor, int ioBufferSize, double ioMaxBytesPerSecond) {
    /** Kafka's defaults. */
    public static final CleanerSettings DEFAULT = new CleanerSettings(128L << 20, 0.9, 512 << 10, Double.MAX_VALUE);
}
