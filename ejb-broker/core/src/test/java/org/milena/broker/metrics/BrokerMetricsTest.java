package org.milena.broker.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.log.LogAppendInfo;
import org.milena.broker.log.LogManager;
import org.milena.broker.metrics.prometheus.BrokerMetrics;
import org.milena.broker.metrics.prometheus.GroupSource.GroupSnapshot;
import org.milena.broker.replication.AppendGate;
import org.milena.broker.replication.Partition;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.resource.DescriptorBudget;
import org.milena.broker.resource.DescriptorBudgetTest;
import org.milena.broker.resource.DiskSpaceGuard;

class BrokerMetricsTest {

    private static final int ME = 1;

    private final Fakes.Directory directory = new Fakes.Directory("/data/a");
    private final LogManager logs = Fakes.logs(directory);
    private final ReplicaManager replicas = new ReplicaManager(logs, AppendGate.OPEN);
    private final MetadataCache metadata = new MetadataCache(image(Map.of()));
    private int maxPartitionSeries = 10;
    private final BrokerMetrics metrics = new BrokerMetrics(() -> maxPartitionSeries);

    @BeforeEach
    void wire() {
        metrics.observe(ME, replicas, logs, metadata);
    }

    @Test
    void trafficOfATopicAndOfTheBroker() throws IOException {
        Partition orders = lead("orders", 0);
        metrics.appended(orders.counters(), 2048, appended(100, 109, false));
        metrics.appended(orders.counters(), 2048, appended(100, 109, true));
        metrics.appendFailed(orders.counters(), new RecordTooLargeException("a client's mistake"));
        metrics.appendFailed(orders.counters(), new InvalidTimestampException("counted, as Kafka does"));
        metrics.fetched(orders.counters(), 512);
        metrics.fetched(orders.counters(), 0);
        metrics.fetchFailed(orders.counters(), Errors.OFFSET_OUT_OF_RANGE.code());
        metrics.fetchFailed(orders.counters(), Errors.CORRUPT_MESSAGE.code());

        for (String labels : List.of("", "{topic=\"orders\"}")) {
            assertThat(scrape()).contains(
                    "kafka_server_brokertopicmetrics_messagesin_total" + labels + " 10.0",
                    "kafka_server_brokertopicmetrics_bytesin_total" + labels + " 2048.0",
                    "kafka_server_brokertopicmetrics_bytesout_total" + labels + " 512.0",
                    "kafka_server_brokertopicmetrics_totalproducerequests_total" + labels + " 4.0",
                    "kafka_server_brokertopicmetrics_failedproducerequests_total" + labels + " 1.0",
                    "kafka_server_brokertopicmetrics_totalfetchrequests_total" + labels + " 4.0",
                    "kafka_server_brokertopicmetrics_failedfetchrequests_total" + labels + " 1.0");
        }
    }

    @Test
    void aDeletedTopicVanishesAndTheTotalsStay() throws IOException {
        Partition gone = lead("gone", 0);
        metrics.appended(gone.counters(), 100, appended(0, 0, false));
        replicas.remove(topic("gone", gone.topicId()), List.of(new PartitionImage(0, ME, 0, List.of(ME), List.of(ME))));

        List<String> lines = scrape();
        assertThat(lines).noneMatch(l -> l.contains("gone"));
        assertThat(lines).contains("kafka_server_brokertopicmetrics_bytesin_total 100.0");

        Partition again = lead("gone", 0);
        metrics.appended(again.counters(), 7, appended(0, 0, false));
        assertThat(scrape()).contains("kafka_server_brokertopicmetrics_bytesin_total 107.0",
                "kafka_server_brokertopicmetrics_bytesin_total{topic=\"gone\"} 7.0");
    }

    @Test
    void requestsByApiAndVersionWithLatencyBuckets() throws IOException {
        for (int i = 0; i < 99; i++) {
            metrics.requestCompleted(ApiKeys.PRODUCE, (short) 13, TimeUnit.MICROSECONDS.toNanos(80), 100, 50);
        }
        metrics.requestCompleted(ApiKeys.PRODUCE, (short) 3, TimeUnit.MILLISECONDS.toNanos(30), 100, 50);

        assertThat(scrape()).contains(
                "kafka_network_requestmetrics_requests_total{request=\"Produce\",version=\"13\"} 99.0",
                "kafka_network_requestmetrics_requests_total{request=\"Produce\",version=\"3\"} 1.0",
                "kafka_network_requestmetrics_requestbytes_total{request=\"Produce\"} 10000.0",
                "kafka_network_requestmetrics_responsebytes_total{request=\"Produce\"} 5000.0",
                "kafka_network_requestmetrics_totaltimems_bucket{request=\"Produce\",le=\"0.05\"} 0",
                "kafka_network_requestmetrics_totaltimems_bucket{request=\"Produce\",le=\"0.1\"} 99",
                "kafka_network_requestmetrics_totaltimems_bucket{request=\"Produce\",le=\"20.0\"} 99",
                "kafka_network_requestmetrics_totaltimems_bucket{request=\"Produce\",le=\"50.0\"} 100",
                "kafka_network_requestmetrics_totaltimems_bucket{request=\"Produce\",le=\"+Inf\"} 100",
                "kafka_network_requestmetrics_totaltimems_count{request=\"Produce\"} 100");
    }

    @Test
    void connections() throws IOException {
        metrics.connectionOpened();
        metrics.connectionOpened();
        metrics.connectionClosed();
        metrics.connectionRejected("max.connections");
        for (int i = 0; i < 100; i++) {
            metrics.connectionRejected("invented-" + i);
        }
        List<String> lines = scrape();
        assertThat(lines).contains("kafka_server_socketservermetrics_connection_count 1.0",
                "kafka_server_socketservermetrics_connection_creation_total 2.0",
                "kafka_server_socketservermetrics_connection_close_total 1.0",
                "kafka_server_socketservermetrics_connection_rejected_total{reason=\"max.connections\"} 1.0");
        assertThat(lines.stream().filter(l -> l.startsWith("kafka_server_socketservermetrics_connection_rejected_total"))).hasSizeLessThanOrEqualTo(17);
    }

    @Test
    void partitionsAndTheirLogs() throws IOException {
        Partition orders = lead("orders", 0);
        lead("orders", 1);
        metadata.publish(image(Map.of("orders", new TopicImage(orders.topicId(), "orders", false, List.of(
                new PartitionImage(0, ME, 0, List.of(1, 2), List.of(1)),
                new PartitionImage(1, ME, 0, List.of(1), List.of(1)),
                new PartitionImage(2, -1, 0, List.of(2), List.of())), Map.of(), false))));

        assertThat(scrape()).contains(
                "kafka_server_replicamanager_partitioncount 2.0", "kafka_server_replicamanager_leadercount 2.0",
                "kafka_server_replicamanager_underreplicatedpartitions 1.0", "kafka_server_replicamanager_underminisrpartitioncount 0.0",
                "kafka_server_replicamanager_atminisrpartitioncount 2.0", "kafka_server_replicamanager_offlinereplicacount 0.0",
                "kafka_controller_kafkacontroller_activecontrollercount 1.0", "kafka_controller_kafkacontroller_globaltopiccount 1.0",
                "kafka_controller_kafkacontroller_globalpartitioncount 3.0", "kafka_controller_kafkacontroller_offlinepartitionscount 1.0",
                "kafka_log_logmanager_offlinelogdirectorycount 0.0", "kafka_log_log_size{partition=\"1\",topic=\"orders\"} 1000.0",
                "kafka_log_log_logstartoffset{partition=\"0\",topic=\"orders\"} 5.0", "kafka_log_log_logendoffset{partition=\"0\",topic=\"orders\"} 105.0");

        directory.failure = "it broke";
        assertThat(scrape()).contains("kafka_server_replicamanager_leadercount 0.0", "kafka_server_replicamanager_offlinereplicacount 2.0",
                "kafka_controller_kafkacontroller_offlinepartitionscount 3.0", "kafka_log_logmanager_offlinelogdirectorycount 1.0");
    }

    @Test
    void seriesByPartitionEndAtTheConfiguredNumber() throws IOException {
        maxPartitionSeries = 2;
        lead("t", 0);
        lead("t", 1);
        assertThat(scrape()).contains("milena_metrics_partition_series_omitted 0.0").anyMatch(l -> l.startsWith("kafka_log_log_size{"));
        lead("t", 2);
        assertThat(scrape()).contains("milena_metrics_partition_series_omitted 1.0").noneMatch(l -> l.startsWith("kafka_log_log_size{"));
    }

    @Test
    void groupsAndTheirLag() throws IOException {
        lead("orders", 0);
        metrics.observe(() -> List.of(
                new GroupSnapshot("billing", "Stable", 2, Map.of(new TopicPartition("orders", 0), 95L, new TopicPartition("deleted", 0), 3L)),
                new GroupSnapshot("old", "Empty", 0, Map.of())), replicas);
        assertThat(scrape()).contains("kafka_consumergroup_lag{group=\"billing\",partition=\"0\",topic=\"orders\"} 10.0",
                "kafka_consumergroup_current_offset{group=\"billing\",partition=\"0\",topic=\"orders\"} 95.0",
                "kafka_consumergroup_members{group=\"billing\"} 2.0",
                "kafka_coordinator_group_groupmetadatamanager_numgroups 2.0", "kafka_coordinator_group_groupmetadatamanager_numgroupsstable 1.0",
                "kafka_coordinator_group_groupmetadatamanager_numgroupsempty 1.0", "kafka_coordinator_group_groupmetadatamanager_numgroupsdead 0.0")
                .noneMatch(l -> l.contains("topic=\"deleted\""));
    }

    @Test
    void waitsFlushesDescriptorsAndDisk() throws IOException {
        metrics.fetchWaits();
        metrics.fetchWaits();
        metrics.fetchWaitEnded();
        metrics.flushed(TimeUnit.MILLISECONDS.toNanos(3));
        metrics.gauge("milena_network_direct_memory_bytes", "Pooled direct memory", () -> 4096);
        metrics.observe(new DescriptorBudget(new DescriptorBudgetTest.Given(10_000, 500)));
        DiskSpaceGuard guard = new DiskSpaceGuard(List.of(directory), () -> 1000, d -> 999);
        metrics.observe(guard);
        guard.sample();
        directory.runAll();
        assertThat(scrape()).contains("kafka_server_delayedoperationpurgatory_purgatorysize{delayedOperation=\"Fetch\"} 1.0",
                "kafka_log_logflushstats_logflushrateandtimems_bucket{le=\"2.0\"} 0", "kafka_log_logflushstats_logflushrateandtimems_bucket{le=\"5.0\"} 1",
                "kafka_log_logflushstats_logflushrateandtimems_count 1", "milena_network_direct_memory_bytes 4096.0",
                "process_open_fds 500.0", "process_max_fds 10000.0",
                "milena_log_directory_usable_bytes{directory=\"/data/a\"} 999.0", "milena_log_directory_writable{directory=\"/data/a\"} 0.0");
    }

    @Test
    void speaksOpenMetricsToThoseWhoAskAndLeavesTheStaticRegistryAlone() throws IOException {
        assertThat(metrics.contentType(null)).startsWith("text/plain; version=0.0.4");
        assertThat(metrics.contentType("application/openmetrics-text; version=1.0.0")).startsWith("application/openmetrics-text");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        metrics.scrape(out, "application/openmetrics-text; version=1.0.0");
        assertThat(out.toString(StandardCharsets.UTF_8)).endsWith("# EOF\n");
        assertThat(PrometheusRegistry.defaultRegistry.scrape().size()).isZero();
    }

    @Test
    void countingMakesNoGarbage() {
        TopicCounters counters = lead("orders", 0).counters();
        LogAppendInfo info = appended(0, 9, false);
        count(counters, info, 20_000);
        long thread = Thread.currentThread().getId();
        var bean = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = bean.getThreadAllocatedBytes(thread);
        count(counters, info, 100_000);
        assertThat(bean.getThreadAllocatedBytes(thread) - before).as("bytes for 100,000 produces and fetches").isLessThan(100_000);
    }

    private void count(TopicCounters counters, LogAppendInfo info, int times) {
        for (int i = 0; i < times; i++) {
            metrics.appended(counters, 100, info);
            metrics.fetched(counters, 100);
            metrics.requestCompleted(ApiKeys.PRODUCE, (short) 12, i, 100, 50);
        }
    }

    private Partition lead(String topic, int index) {
        Uuid id = replicas.topicId(topic) == null ? Uuid.randomUuid() : replicas.topicId(topic);
        replicas.create(topic(topic, id), List.of(new PartitionImage(index, ME, 0, List.of(ME), List.of(ME))), Fakes.config());
        return replicas.partition(topic, index);
    }

    private static TopicImage topic(String name, Uuid id) {
        return new TopicImage(id, name, false, List.of(), Map.of(), false);
    }

    private static LogAppendInfo appended(long first, long last, boolean duplicate) {
        return new LogAppendInfo(first, last, -1, 0, duplicate, false);
    }

    private static MetadataImage image(Map<String, TopicImage> topics) {
        Map<Uuid, TopicImage> byId = new HashMap<>();
        topics.values().forEach(t -> byId.put(t.id(), t));
        return new MetadataImage(1, "cluster", ME, new ArrayList<>(), topics, byId, Map.of(), Map.of());
    }

    private List<String> scrape() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        metrics.scrape(out, null);
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
