package org.milena.broker.metrics.prometheus;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.protocol.ApiKeys;
import org.milena.broker.network.RequestListener;

/** Requests by API and connections, counted on the event loops without a lock, a lookup or garbage. */
final class RequestMetrics implements RequestListener, MultiCollector {

    private static final int MAX_REASONS = 16;

    /** One API in use. */
    private static final class Api {
        private final String name;
        private final LongAdder[] byVersion;
        private final LatencyHistogram time = new LatencyHistogram();
        private final LongAdder bytesIn = new LongAdder();
        private final LongAdder bytesOut = new LongAdder();

        Api(ApiKeys key) {
            name = key.name;
            byVersion = new LongAdder[key.latestVersion(true) + 1];
            for (int i = 0; i < byVersion.length; i++) {
                byVersion[i] = new LongAdder();
            }
        }
    }

    private final AtomicReferenceArray<Api> apis = new AtomicReferenceArray<>(ApiKeys.values().length);
    private final LongAdder opened = new LongAdder();
    private final LongAdder closed = new LongAdder();
    private final Map<String, LongAdder> rejected = new ConcurrentHashMap<>();

    @Override
    public void connectionOpened() {
        opened.increment();
    }

    @Override
    public void connectionClosed() {
        closed.increment();
    }

    @Override
    public void connectionRejected(String reason) {
        LongAdder count = rejected.get(reason);
        if (count == null) {
            count = rejected.computeIfAbsent(rejected.size() < MAX_REASONS ? reason : "other", r -> new LongAdder());
        }
        count.increment();
    }

    @Override
    public void requestCompleted(ApiKeys key, short version, long nanos, int requestBytes, long responseBytes) {
        Api api = apis.get(key.ordinal());
        if (api == null) {
            api = create(key);
        }
        if (version >= 0 && version < api.byVersion.length) {
            api.byVersion[version].increment();
        }
        api.time.record(nanos);
        api.bytesIn.add(requestBytes);
        api.bytesOut.add(responseBytes);
    }

    private Api create(ApiKeys key) {
        Api made = new Api(key);
        return apis.compareAndSet(key.ordinal(), null, made) ? made : apis.get(key.ordinal());
    }

    @Override
    public MetricSnapshots collect() {
        Snapshots out = new Snapshots();
        long gone = closed.sum();
        out.gauge("kafka_server_socketservermetrics_connection_count", "Connections that are open now", Math.max(0, opened.sum() - gone));
        out.counter("kafka_server_socketservermetrics_connection_creation", "Connections that were accepted", opened.sum());
        out.counter("kafka_server_socketservermetrics_connection_close", "Connections that were closed", gone);
        rejected.forEach((reason, count) -> out.counter("kafka_server_socketservermetrics_connection_rejected",
                "Connections that were refused or cut, by the limit or fault that did it", count.sum(), "reason", reason));
        HistogramSnapshot.Builder times = HistogramSnapshot.builder().name("kafka_network_requestmetrics_totaltimems")
                .help("Milliseconds from a request's last byte to its response being handed to the socket; waiting by the client's wish included");
        for (int i = 0; i < apis.length(); i++) {
            Api api = apis.get(i);
            if (api != null) {
                collect(api, out);
                times.dataPoint(api.time.snapshot("request", api.name));
            }
        }
        return out.add(times.build()).build();
    }

    private static void collect(Api api, Snapshots out) {
        for (int version = 0; version < api.byVersion.length; version++) {
            long count = api.byVersion[version].sum();
            if (count > 0) {
                out.counter("kafka_network_requestmetrics_requests", "Requests that were answered", count,
                        "request", api.name, "version", Integer.toString(version));
            }
        }
        out.counter("kafka_network_requestmetrics_requestbytes", "Bytes of requests, without the size field", api.bytesIn.sum(), "request", api.name);
        out.counter("kafka_network_requestmetrics_responsebytes", "Bytes of responses", api.bytesOut.sum(), "request", api.name);
    }
}
