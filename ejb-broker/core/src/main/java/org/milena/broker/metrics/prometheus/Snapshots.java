package org.milena.broker.metrics.prometheus;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.LinkedHashMap;
import java.util.Map;

/** Gathers the data points of one scrape under their metrics' names. Not thread-safe. */
final class Snapshots {

    private final Map<String, GaugeSnapshot.Builder> gauges = new LinkedHashMap<>();
    private final Map<String, CounterSnapshot.Builder> counters = new LinkedHashMap<>();
    private final MetricSnapshots.Builder others = MetricSnapshots.builder();

    /** @param labels name, value, name, value… */
    Snapshots gauge(String name, String help, double value, String... labels) {
        gauges.computeIfAbsent(name, n -> GaugeSnapshot.builder().name(n).help(help))
                .dataPoint(GaugeDataPointSnapshot.builder().labels(Labels.of(labels)).value(value).build());
        return this;
    }

    /** @param name without {@code _total}, which the format adds */
    Snapshots counter(String name, String help, double value, String... labels) {
        counters.computeIfAbsent(name, n -> CounterSnapshot.builder().name(n).help(help))
                .dataPoint(CounterDataPointSnapshot.builder().labels(Labels.of(labels)).value(value).build());
        return this;
    }

    Snapshots add(MetricSnapshot snapshot) {
        others.metricSnapshot(snapshot);
        return this;
    }

    MetricSnapshots build() {
        gauges.values().forEach(g -> others.metricSnapshot(g.build()));
        counters.values().forEach(c -> others.metricSnapshot(c.build()));
        return others.build();
    }
}
