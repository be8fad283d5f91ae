package org.milena.broker.metrics.prometheus;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.concurrent.atomic.LongAdder;

/**
 * Durations in fixed buckets. Recording is a short search and two additions: no lock, no garbage. The upper bounds grow by
 * 1, 2, 5, so that a quantile taken from them is never off by more than that factor.
 */
final class LatencyHistogram {

    /** Upper bounds in microseconds: 50 µs to 50 s. */
    private static final long[] BOUNDS = {50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
            1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000};

    private final LongAdder[] buckets = new LongAdder[BOUNDS.length + 1];
    private final LongAdder nanos = new LongAdder();

    LatencyHistogram() {
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = new LongAdder();
        }
    }

    void record(long durationNanos) {
        long duration = Math.max(0, durationNanos);
        nanos.add(duration);
        int i = 0;
        while (i < BOUNDS.length && duration > BOUNDS[i] * 1000) {
            i++;
        }
        buckets[i].increment();
    }

    /** In milliseconds, as Kafka's {@code …TimeMs} metrics. */
    HistogramDataPointSnapshot snapshot(String... labels) {
        ClassicHistogramBuckets.Builder counts = ClassicHistogramBuckets.builder();
        for (int i = 0; i < buckets.length; i++) {
            counts.bucket(i < BOUNDS.length ? BOUNDS[i] / 1000.0 : Double.POSITIVE_INFINITY, buckets[i].sum());
        }
        return HistogramDataPointSnapshot.builder().labels(Labels.of(labels)).classicHistogramBuckets(counts.build())
                .sum(nanos.sum() / 1e6).build();
    }
}
