package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.milena.broker.log.LogConfig;

/**
 * A key that DescribeConfigs returns acts. Shown here: every broker key that is a topic key's default reaches the log's configuration,
 * statically and dynamically, and every other one is read by the product. That a topic key reaches the log: {@link LogConfigsTest}; what
 * the log makes of it: the tests of {@code log}. What a reader does with a value is shown by the tests of its own package.
 */
class KeysActTest {

    private static final Path SOURCES = Path.of("src/main/java");
    private static final Set<String> DEFINITIONS = Set.of("BrokerKeys.java", "BrokerConfigRules.java", "TopicKeys.java", "GroupKeys.java");

    static Stream<ConfigKey> topicDefaults() {
        return TopicKeys.KEYS.all().values().stream().flatMap(key -> key.synonyms().stream()).distinct().map(BrokerKeys.KEYS::get);
    }

    /** Another value than the default, and allowed. */
    private static String other(ConfigKey key) {
        return switch (key.name()) {
            case "log.cleanup.policy" -> "compact";
            case "compression.type" -> "zstd";
            case "log.message.timestamp.type" -> "LogAppendTime";
            case "log.cleaner.min.cleanable.ratio" -> "0.25";
            case "log.preallocate" -> "true";
            case "log.segment.bytes" -> "2000000";
            default -> "7";
        };
    }

    @ParameterizedTest
    @MethodSource("topicDefaults")
    void aTopicKeysDefaultReachesTheLog(ConfigKey key) {
        LogConfig before = LogConfigs.of(BrokerConfig.of(Map.of()), Map.of(), false);
        Map<String, String> settings = Map.of(key.name(), other(key));
        assertThat(LogConfigs.of(BrokerConfig.of(settings), Map.of(), false)).as("static").isNotEqualTo(before);
        LogConfig clusterWide = LogConfigs.of(BrokerConfig.of(Map.of()).with(settings, Map.of()), Map.of(), false);
        LogConfig perBroker = LogConfigs.of(BrokerConfig.of(Map.of()).with(Map.of(), settings), Map.of(), false);
        if (key.actsWithoutRestart()) {
            assertThat(clusterWide).as("dynamic, cluster-wide").isNotEqualTo(before).isEqualTo(perBroker);
        } else {
            assertThat(clusterWide).as("needs a restart").isEqualTo(before).isEqualTo(perBroker);
        }
    }

    @Test
    void onlyTopicDefaultsActWithoutRestart() {
        Set<String> defaults = topicDefaults().map(ConfigKey::name).collect(Collectors.toSet());
        assertThat(BrokerKeys.KEYS.all().values()).filteredOn(ConfigKey::actsWithoutRestart).extracting(ConfigKey::name).isSubsetOf(defaults);
    }

    @Test
    void everyOtherBrokerKeyIsRead() throws IOException {
        Set<String> unread = new TreeSet<>(BrokerKeys.KEYS.all().keySet());
        topicDefaults().forEach(key -> unread.remove(key.name()));
        List<Path> sources = new java.util.ArrayList<>();
        for (Path root : List.of(SOURCES, Path.of("../ejb/src/main/java"))) {
            if (Files.isDirectory(root)) {
                try (Stream<Path> files = Files.walk(root)) {
                    files.filter(f -> f.toString().endsWith(".java") && !DEFINITIONS.contains(f.getFileName().toString())).forEach(sources::add);
                }
            }
        }
        for (Path file : sources) {
            String text = Files.readString(file);
            unread.removeIf(key -> text.contains('"' + key + '"'));
        }
        assertThat(unread).as("defined and described, but nobody reads them").isEmpty();
    }

    @Test
    void everyGroupKeyHasItsBrokerDefault() {
        Map<String, String> settings = new HashMap<>();
        GroupKeys.KEYS.all().values().forEach(key -> settings.put(key.name(), key.defaultValue()));
        ConfigValidation.group(settings, BrokerConfig.of(Map.of()));
        assertThat(ConfigDescriber.group(BrokerConfig.of(Map.of("group.consumer.heartbeat.interval.ms", "6000")), Map.of()))
                .filteredOn(e -> e.key().name().equals("consumer.heartbeat.interval.ms")).singleElement()
                .satisfies(e -> assertThat(e.value()).isEqualTo("6000"));
    }
}
