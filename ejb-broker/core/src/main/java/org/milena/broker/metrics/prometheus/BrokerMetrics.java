package org.milena.broker.metrics.prometheus;

import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import org.apache.kafka.common.protocol.ApiKeys;
import org.milena.broker.api.MetricsService;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.log.LogAppendInfo;
import org.milena.broker.log.LogManager;
import org.milena.broker.metrics.BranchListener;
import org.milena.broker.metrics.FlushListener;
import org.milena.broker.metrics.TopicCounters;
import org.milena.broker.metrics.TopicMetrics;
import org.milena.broker.network.RequestListener;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.resource.DescriptorBudget;
import org.milena.broker.resource.DiskSpaceGuard;

/**
 * The broker's metrics, under the names that the usual rules of Prometheus' JMX exporter give to Apache Kafka's.
 *
 * <p>Made first, handed as a listener to whoever counts, and told by the {@code observe} methods of each part as it comes up. What
 * counts does so in place; everything else is asked for at the scrape. One registry of its own: nothing outlives the deployment.
 *
 * <p>Thread-safe.
 */
public final class BrokerMetrics implements RequestListener, TopicMetrics, FlushListener, BranchListener, MetricsService {

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ExpositionFormats formats = ExpositionFormats.init();
    private final RequestMetrics requests = new RequestMetrics();
    private final TopicTraffic traffic = new TopicTraffic();
    private final BranchMetrics branches = new BranchMetrics();
    private final LatencyHistogram flushes = new LatencyHistogram();
    private final IntSupplier maxPartitionSeries;

    /**
     * @param maxPartitionSeries {@code milena.metrics.partitions}: with more partitions than this (for group lag: more committed
     *                           offsets) the series by partition are left out
     */
    public BrokerMetrics(IntSupplier maxPartitionSeries) {
        this.maxPartitionSeries = maxPartitionSeries;
        registry.register(requests);
        registry.register(traffic);
        registry.register(branches);
        registry.register((MultiCollector) this::collectFlushes);
    }

    private MetricSnapshots collectFlushes() {
        return MetricSnapshots.of(HistogramSnapshot.builder().name("kafka_log_logflushstats_logflushrateandtimems")
                .help("Milliseconds of an fsync of a file in a log directory").dataPoint(flushes.snapshot()).build());
    }

    // ---- what is asked at the scrape

    public void observe(int brokerId, ReplicaManager replicas, LogManager logs, MetadataCache metadata) {
        traffic.observe(replicas::traffic);
        registry.register(new PartitionMetrics(brokerId, replicas, logs, metadata, maxPartitionSeries));
    }

    public void observe(GroupSource groups, ReplicaManager replicas) {
        registry.register(new GroupMetrics(groups, replicas, maxPartitionSeries));
    }

    /** The numbers are those of the last samples: a scrape never touches a disk that may hang. */
    public void observe(DiskSpaceGuard space) {
        registry.register((MultiCollector) () -> {
            Snapshots out = new Snapshots();
            space.states().forEach(s -> {
                if (s.usableBytes() >= 0) {
                    out.gauge("milena_log_directory_usable_bytes", "Free bytes of the log directory's file system", s.usableBytes(), "directory", s.path().toString());
                }
                out.gauge("milena_log_directory_writable", "1 while clients may produce to the directory", s.clientsMayWrite() ? 1 : 0, "directory", s.path().toString());
            });
            return out.build();
        });
    }

    public void observe(DescriptorBudget descriptors) {
        registry.register((MultiCollector) () -> {
            Snapshots out = new Snapshots();
            if (descriptors.limit() > 0) {
                out.gauge("process_open_fds", "Open file descriptors of the process, at the last sample", descriptors.open());
                out.gauge("process_max_fds", "Limit of open file descriptors", descriptors.limit());
            }
            out.gauge("milena_log_files_budget", "Segment and index files that may be open at a time", descriptors.logFiles());
            return out.build();
        });
    }

    /** Registers a gauge of somebody else's; {@code value} is asked for at the scrape and must not block. */
    public void gauge(String name, String help, DoubleSupplier value) {
        registry.register((MultiCollector) () -> new Snapshots().gauge(name, help, value.getAsDouble()).build());
    }

    @Override
    public String contentType(String acceptHeader) {
        return formats.findWriter(acceptHeader).getContentType();
    }

    @Override
    public void scrape(OutputStream out, String acceptHeader) throws IOException {
        formats.findWriter(acceptHeader).write(out, registry.scrape());
    }

    // ---- what is counted in place

    @Override
    public void connectionOpened() {
        requests.connectionOpened();
    }

    @Override
    public void connectionClosed() {
        requests.connectionClosed();
    }

    @Override
    public void connectionRejected(String reason) {
        requests.connectionRejected(reason);
    }

    @Override
    public void requestCompleted(ApiKeys key, short version, long nanos, int requestBytes, long responseBytes) {
        requests.requestCompleted(key, version, nanos, requestBytes, responseBytes);
    }

    @Override
    public void appended(TopicCounters counters, int bytes, LogAppendInfo info) {
        traffic.appended(counters, bytes, info);
    }

    @Override
    public void appendFailed(TopicCounters counters, Throwable error) {
        traffic.appendFailed(counters, error);
    }

    @Override
    public void fetched(TopicCounters counters, int bytes) {
        traffic.fetched(counters, bytes);
    }

    @Override
    public void fetchFailed(TopicCounters counters, short errorCode) {
        traffic.fetchFailed(counters, errorCode);
    }

    @Override
    public void fetchWaits() {
        traffic.fetchWaits();
    }

    @Override
    public void fetchWaitEnded() {
        traffic.fetchWaitEnded();
    }

    @Override
    public void flushed(long nanos) {
        flushes.record(nanos);
    }

    @Override
    public void answered(String request, String result) {
        branches.answered(request, result);
    }
}
