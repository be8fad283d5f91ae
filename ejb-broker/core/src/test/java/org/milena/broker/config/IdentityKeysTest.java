package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.network.WireClient;

/** Keys that say who this broker is, where it listens and where its data lies. */
class IdentityKeysTest {

    @TempDir
    Path dir;

    private LiveBroker broker(String name, String... settings) {
        return LiveBroker.start(dir.resolve(name), settings);
    }

    /** The broker as clients see it. */
    private static Node node(LiveBroker broker) throws Exception {
        return LiveBroker.get(broker.admin().describeCluster().nodes()).iterator().next();
    }

    @Test
    @Proves({"node.id", "broker.id"})
    void theBrokerHasItsNumber() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker seven = broker("seven", "node.id", "7"); LiveBroker eight = broker("eight", "broker.id", "8")) {
            assertThat(node(usual).id()).isEqualTo(1);
            assertThat(node(seven).id()).isEqualTo(7);
            assertThat(node(eight).id()).isEqualTo(8);
            assertThat(Files.readString(seven.dir().resolve("logs/meta.properties"))).contains("node.id=7");
        }
        assertThatThrownBy(() -> broker("seven", "node.id", "9")).hasMessageContaining("belongs to node.id 7");
        assertThatThrownBy(() -> broker("both", "node.id", "1", "broker.id", "2")).isInstanceOf(ConfigException.class).hasMessageContaining("broker.id");
    }

    @Test
    @Proves("broker.rack")
    void clientsSeeTheRack() throws Exception {
        try (LiveBroker none = broker("none"); LiveBroker one = broker("one", "broker.rack", "cellar")) {
            assertThat(node(none).rack()).isNull();
            assertThat(node(one).rack()).isEqualTo("cellar");
        }
    }

    @Test
    @Proves("listeners")
    void theBrokerListensWhereItIsTold() throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        try (LiveBroker any = broker("any"); LiveBroker told = broker("told", "listeners", "PLAINTEXT://127.0.0.1:" + free)) {
            assertThat(told.embedded().port()).isEqualTo(free).isNotEqualTo(any.embedded().port());
            new WireClient(free).close();
            assertThatThrownBy(() -> broker("taken", "listeners", "PLAINTEXT://127.0.0.1:" + free)).hasMessageContaining(String.valueOf(free));
        }
    }

    @Test
    @Proves("advertised.listeners")
    void clientsAreToldTheAdvertisedAddress() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker other = broker("other", "advertised.listeners", "PLAINTEXT://localhost:0")) {
            assertThat(node(usual).host()).isEqualTo("127.0.0.1");
            assertThat(node(usual).port()).isEqualTo(usual.embedded().port());
            assertThat(node(other).host()).isEqualTo("localhost");
            assertThat(node(other).port()).isEqualTo(other.embedded().port());
        }
    }

    @Test
    @Proves({"milena.data.dir", "log.dir", "log.dirs"})
    void logsLieWhereTheyAreTold() throws Exception {
        Path a = dir.resolve("a");
        Path b = dir.resolve("b");
        assertThat(logDirectory("data")).isEqualTo(dir.resolve("data/logs"));
        assertThat(logDirectory("data2")).isEqualTo(dir.resolve("data2/logs"));
        assertThat(logDirectory("x", "log.dir", a.toString())).isEqualTo(a);
        assertThat(logDirectory("x", "log.dir", a.toString(), "log.dirs", b.toString())).isEqualTo(b);
        try (LiveBroker two = broker("x", "log.dirs", dir.resolve("c") + "," + dir.resolve("d"))) {
            assertThat(two.directories()).extracting(d -> d.path()).containsExactly(dir.resolve("c"), dir.resolve("d"));
        }
        assertThat(dir.resolve("x/logs")).doesNotExist();
    }

    private Path logDirectory(String dataDir, String... settings) throws Exception {
        try (LiveBroker broker = broker(dataDir, settings)) {
            Path path = broker.log(broker.topic(Map.of())).directory().path();
            assertThat(path.resolve("meta.properties")).exists();
            return path;
        }
    }

    @Test
    @Proves("milena.log.dir.min.free")
    void belowItsFreeSpaceADirectoryTakesNoMoreRecords() throws Exception {
        try (LiveBroker full = broker("full", "milena.log.dir.min.free", String.valueOf(Long.MAX_VALUE));
                LiveBroker free = broker("free", "milena.log.dir.min.free", "0")) {
            String refused = full.topic(Map.of());
            LiveBroker.await("the free space is known", () -> full.produce(refused, full.record("k", "v")) == Errors.NOT_ENOUGH_REPLICAS);
            String accepted = free.topic(Map.of());
            LiveBroker.await("the free space is known", () -> free.embedded().broker().diskSpace().states().get(0).usableBytes() >= 0);
            assertThat(free.produce(accepted, free.record("k", "v"))).isEqualTo(Errors.NONE);
        }
    }

    @Test
    @Proves("milena.metrics.partitions")
    void metricsByPartitionStopAtSoManyPartitions() throws Exception {
        try (LiveBroker all = broker("all"); LiveBroker few = broker("few", "milena.metrics.partitions", "2")) {
            assertThat(metrics(all, 3)).contains("kafka_log_log_logendoffset{").contains("milena_metrics_partition_series_omitted 0.0");
            assertThat(metrics(few, 3)).doesNotContain("kafka_log_log_logendoffset{").contains("milena_metrics_partition_series_omitted 1.0");
        }
    }

    private static String metrics(LiveBroker broker, int partitions) throws Exception {
        broker.topic(partitions, Map.of());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        broker.embedded().broker().metrics().scrape(out, "text/plain");
        return out.toString(StandardCharsets.UTF_8);
    }
}
