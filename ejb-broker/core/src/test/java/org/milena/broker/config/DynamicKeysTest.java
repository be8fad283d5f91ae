package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.ConfigEntry.ConfigSource;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Settings made while the broker runs: which of them wins, and that they outlive it. */
class DynamicKeysTest {

    @TempDir
    Path dir;

    /** The size limit that really holds, of those that this test sets. */
    private static int limit(LiveBroker broker, String topic) throws Exception {
        int largest = 0;
        for (int size : List.of(1000, 2000, 3000, 4000, 5000)) {
            if (broker.produce(topic, broker.record(null, "x".repeat(size - 100))) == Errors.NONE) {
                largest = size;
            }
        }
        return largest;
    }

    private static ConfigSource source(LiveBroker broker) throws Exception {
        ConfigResource resource = new ConfigResource(Type.BROKER, "1");
        return LiveBroker.get(broker.admin().describeConfigs(List.of(resource)).all()).get(resource).get("message.max.bytes").source();
    }

    @Test
    void topicBeatsThisBrokerBeatsAllBrokersBeatsItsConfigurationBeatsTheDefault() throws Exception {
        try (LiveBroker untold = LiveBroker.start(dir.resolve("default"))) {
            assertThat(limit(untold, untold.topic(Map.of()))).isEqualTo(5000);
            assertThat(source(untold)).isEqualTo(ConfigSource.DEFAULT_CONFIG);
        }
        LiveBroker broker = LiveBroker.start(dir.resolve("b"), "message.max.bytes", "1000");
        try {
            String topic = broker.topic(Map.of());
            String own = broker.topic(Map.of("max.message.bytes", "4000"));
            assertThat(limit(broker, topic)).isEqualTo(1000);
            assertThat(source(broker)).isEqualTo(ConfigSource.STATIC_BROKER_CONFIG);
            broker.alter(Type.BROKER, "", "message.max.bytes", "2000");
            assertThat(limit(broker, topic)).isEqualTo(2000);
            assertThat(source(broker)).isEqualTo(ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG);
            broker.alter(Type.BROKER, "1", "message.max.bytes", "3000");
            assertThat(limit(broker, topic)).isEqualTo(3000);
            assertThat(source(broker)).isEqualTo(ConfigSource.DYNAMIC_BROKER_CONFIG);
            assertThat(limit(broker, own)).isEqualTo(4000);

            broker.close();
            broker = broker.again("message.max.bytes", "1000");
            assertThat(limit(broker, topic)).as("after a restart").isEqualTo(3000);
            assertThat(limit(broker, own)).as("after a restart").isEqualTo(4000);
            assertThat(limit(broker, broker.topic(Map.of()))).as("a new topic").isEqualTo(3000);
            broker.alter(Type.BROKER, "1", "message.max.bytes", null);
            assertThat(limit(broker, topic)).isEqualTo(2000);
            broker.alter(Type.BROKER, "", "message.max.bytes", null);
            assertThat(limit(broker, topic)).isEqualTo(1000);
            assertThat(limit(broker, own)).isEqualTo(4000);
        } finally {
            broker.close();
        }
    }

    /** So {@link TopicKeysActTest} has shown every key that acts without a restart to do so. */
    @Test
    void onlyDefaultsOfTopicKeysActWithoutARestart() {
        Set<String> defaults = TopicKeys.KEYS.all().values().stream().flatMap(key -> key.synonyms().stream()).collect(Collectors.toSet());
        assertThat(BrokerKeys.KEYS.all().values()).filteredOn(ConfigKey::actsWithoutRestart).isNotEmpty().extracting(ConfigKey::name).isSubsetOf(defaults);
    }

    @Test
    void aGroupsSettingsOutliveTheBroker() throws Exception {
        LiveBroker broker = LiveBroker.start(dir);
        try {
            broker.alter(Type.GROUP, "g", "consumer.session.timeout.ms", "50000");
            broker.close();
            broker = broker.again();
            assertThat(broker.describe(Type.GROUP, "g")).containsEntry("consumer.session.timeout.ms", "50000");
        } finally {
            broker.close();
        }
    }

    @Test
    void aChangeThatIsRefusedChangesNothing() throws Exception {
        try (LiveBroker broker = LiveBroker.start(dir)) {
            Map<String, String> before = broker.describe(Type.BROKER, "1");
            assertThatThrownBy(() -> broker.alter(Type.BROKER, "1", "log.segment.bytes", "10")).hasMessageContaining("log.segment.bytes");
            for (ConfigKey key : BrokerKeys.KEYS.all().values()) {
                if (!key.actsWithoutRestart() && !key.sensitive() && before.get(key.name()) != null) {
                    assertThatThrownBy(() -> broker.alter(Type.BROKER, "1", key.name(), before.get(key.name())))
                            .hasMessageContaining("Cannot update these configs dynamically: [" + key.name() + "]");
                }
            }
            assertThat(broker.describe(Type.BROKER, "1")).isEqualTo(before);
        }
    }
}
