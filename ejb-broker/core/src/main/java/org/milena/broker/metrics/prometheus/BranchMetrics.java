package org.milena.broker.metrics.prometheus;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import org.milena.broker.metrics.BranchListener;

/** What private requests about XA branches came to. */
final class BranchMetrics implements BranchListener, MultiCollector {

    /** By request, then by result; both are few. */
    private final Map<String, Map<String, LongAdder>> answers = new ConcurrentSkipListMap<>();

    @Override
    public void answered(String request, String result) {
        answers.computeIfAbsent(request, r -> new ConcurrentSkipListMap<>()).computeIfAbsent(result, r -> new LongAdder()).increment();
    }

    @Override
    public MetricSnapshots collect() {
        Snapshots out = new Snapshots();
        answers.forEach((request, results) -> results.forEach((result, count) -> out.counter("milena_transaction_branch_requests",
                "Branches that private requests were about, and requests about none, by the answer", count.sum(), "request", request, "result", result)));
        return out.build();
    }
}
