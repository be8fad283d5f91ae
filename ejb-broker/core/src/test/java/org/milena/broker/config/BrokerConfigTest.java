package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BrokerConfigTest {

    private static BrokerConfig config(String... pairs) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(pairs[i], pairs[i + 1]);
        }
        return BrokerConfig.of(map);
    }

    @Test
    void theAssignmentIntervalOfGroupsLiesWithinItsLimits() {
        assertThatThrownBy(() -> BrokerConfig.of(Map.of("group.consumer.assignment.interval.ms", "20000")))
                .hasMessageContaining("group.consumer.assignment.interval.ms").hasMessageContaining("group.consumer.max.assignment.interval.ms");
        BrokerConfig broker = BrokerConfig.of(Map.of("group.consumer.min.assignment.interval.ms", "500"));
        ConfigValidation.group(Map.of("consumer.assignment.interval.ms", "15000"), broker);
        assertThatThrownBy(() -> ConfigValidation.group(Map.of("consumer.assignment.interval.ms", "499"), broker))
                .hasMessage("consumer.assignment.interval.ms must be greater than or equal to group.consumer.min.assignment.interval.ms");
        assertThatThrownBy(() -> ConfigValidation.group(Map.of("consumer.assignment.interval.ms", "15001"), broker))
                .hasMessage("consumer.assignment.interval.ms must be less than or equal to group.consumer.max.assignment.interval.ms");
    }

    @Test
    void defaultsWorkOnALaptop() {
        BrokerConfig config = BrokerConfig.of(name -> Optional.empty(), Path.of("/data/milena"));
        assertThat(config.nodeId()).isEqualTo(1);
        assertThat(config.intValue("broker.id")).isEqualTo(1);
        assertThat(config.listeners()).containsExactly(new Endpoint("PLAINTEXT", "", 9092));
        assertThat(config.advertisedListeners()).singleElement().satisfies(e -> {
            assertThat(e.host()).isNotEmpty();
            assertThat(e.port()).isEqualTo(9092);
        });
        assertThat(config.dataDir()).isEqualTo(Path.of("/data/milena"));
        assertThat(config.logDirs()).containsExactly(Path.of("/data/milena/logs"));
        assertThat(config.longValue("milena.log.dir.min.free")).isEqualTo(1L << 30);
        assertThat(config.flag("auto.create.topics.enable")).isTrue();
        assertThat(config.list("group.consumer.assignors")).containsExactly("uniform", "range");
    }

    @Test
    void brokerIdIsTheOlderNameOfNodeId() {
        assertThat(config("broker.id", "7").nodeId()).isEqualTo(7);
        assertThat(config("node.id", "7").intValue("broker.id")).isEqualTo(7);
        assertThat(config("node.id", "7", "broker.id", "7").nodeId()).isEqualTo(7);
        assertThatThrownBy(() -> config("node.id", "7", "broker.id", "8")).isInstanceOf(ConfigException.class)
                .hasMessage("Invalid value 8 for configuration broker.id: It must equal node.id, which is 7; node.id alone is enough");
    }

    @Test
    void logDirsWinOverLogDir() {
        assertThat(config("log.dirs", "/a, /b,/a", "log.dir", "/c").logDirs()).containsExactly(Path.of("/a"), Path.of("/b"));
        assertThat(config("log.dir", "/c").logDirs()).containsExactly(Path.of("/c"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "num.partitions | 0 | Invalid value 0 for configuration num.partitions: Value must be at least 1",
        "num.partitions | many | Invalid value many for configuration num.partitions: Not a number of type INT",
        "auto.create.topics.enable | yes | Invalid value yes for configuration auto.create.topics.enable: Expected value to be either true or false",
        "log.segment.bytes | 14 | Invalid value 14 for configuration log.segment.bytes: Value must be at least 1048576",
        "log.cleanup.policy | shred | Invalid value shred for configuration log.cleanup.policy: String must be one of: compact, delete",
        "log.cleanup.policy | delete,delete | Invalid value [delete, delete] for configuration log.cleanup.policy: must not name a value twice",
        "compression.gzip.level | 10 | Invalid value 10 for configuration compression.gzip.level: Value must be no more than 9",
        "log.retention.hours | 0 | Invalid value 0 for configuration log.retention.hours: must be unlimited (-1) or, equal or greater than 1",
        "listeners | 9092 | Invalid value 9092 for configuration listeners: A listener is written name://host:port, for example PLAINTEXT://:9092",
        "listeners | SSL://:9093 | Invalid value SSL://:9093 for configuration listeners: Only PLAINTEXT listeners are supported by this version",
        "listeners | FOO://:9093 | Invalid value FOO://:9093 for configuration listeners: No security protocol is known for listener FOO; only PLAINTEXT listeners are supported by this version",
        "listeners | PLAINTEXT://:99999 | Invalid value PLAINTEXT://:99999 for configuration listeners: The port must be between 0 and 65535",
        "listeners | PLAINTEXT://:1,PLAINTEXT://:2 | Invalid value PLAINTEXT://:1,PLAINTEXT://:2 for configuration listeners: Each listener must have a different name",
        "advertised.listeners | PLAINTEXT://0.0.0.0:1 | Invalid value PLAINTEXT://0.0.0.0:1 for configuration advertised.listeners: advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.",
        "group.min.session.timeout.ms | 1800001 | Invalid value 1800001 for configuration group.min.session.timeout.ms: It must not be larger than group.max.session.timeout.ms, which is 1800000",
        "group.consumer.session.timeout.ms | 44999 | Invalid value 45000 for configuration group.consumer.min.session.timeout.ms: It must not be larger than group.consumer.session.timeout.ms, which is 44999",
    })
    void aWrongValueNamesKeyValueAndWhatIsAllowed(String key, String value, String message) {
        assertThatThrownBy(() -> config(key, value)).isInstanceOf(ConfigException.class).hasMessage(message);
    }

    @Test
    void aKeyThatDoesNotActIsRefused() {
        assertThatThrownBy(() -> config("ssl.keystore.location", "x")).isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("Unknown configuration ssl.keystore.location: Milena has no such key");
    }

    @Test
    void addressesAreParsedAsKafkaParsesThem() {
        assertThat(config("listeners", "plaintext://[::1]:9092").listeners()).containsExactly(new Endpoint("PLAINTEXT", "::1", 9092));
        assertThat(config("listeners", "PLAINTEXT://0.0.0.0:0").listeners().get(0).wildcard()).isTrue();
        assertThat(new Endpoint("PLAINTEXT", "::1", 9092)).hasToString("PLAINTEXT://[::1]:9092");
        assertThat(config("advertised.listeners", "PLAINTEXT://kafka.example:19092").advertisedListeners())
                .containsExactly(new Endpoint("PLAINTEXT", "kafka.example", 19092));
        assertThat(config("listeners", "PLAINTEXT://127.0.0.1:9192").advertisedListeners())
                .containsExactly(new Endpoint("PLAINTEXT", "127.0.0.1", 9192));
    }

    @Test
    void dynamicValuesWinAndKeysThatNeedARestartAreLeftAlone() {
        BrokerConfig config = config("message.max.bytes", "1000", "num.partitions", "2");
        BrokerConfig clusterWide = config.with(Map.of("message.max.bytes", "2000", "num.partitions", "9"), Map.of());
        assertThat(clusterWide.intValue("message.max.bytes")).isEqualTo(2000);
        assertThat(clusterWide.intValue("num.partitions")).isEqualTo(2);
        BrokerConfig both = clusterWide.with(Map.of("message.max.bytes", "2000"), Map.of("message.max.bytes", "3000"));
        assertThat(both.settings(List.of("message.max.bytes"))).containsExactly(
                new BrokerConfig.Setting("message.max.bytes", "3000", BrokerConfig.Source.DYNAMIC_BROKER),
                new BrokerConfig.Setting("message.max.bytes", "2000", BrokerConfig.Source.DYNAMIC_DEFAULT_BROKER),
                new BrokerConfig.Setting("message.max.bytes", "1000", BrokerConfig.Source.STATIC_BROKER),
                new BrokerConfig.Setting("message.max.bytes", "1048588", BrokerConfig.Source.DEFAULT));
        assertThat(both.with(Map.of(), Map.of()).intValue("message.max.bytes")).isEqualTo(1000);
    }
}
