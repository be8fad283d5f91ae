package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every topic key, and every broker key that is its default, changes what comes of the same steps: set with the topic, changed on a
 * living topic, changed for all brokers or this one without a restart, and set in the broker's own configuration.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TopicKeysActTest {

    static final List<LogEffect> EFFECTS = Stream.concat(LogEffects.all().stream(), MessageEffects.all().stream()).toList();

    @TempDir
    static Path dir;

    private LiveBroker broker;

    @BeforeAll
    void start() {
        broker = LiveBroker.start(dir);
    }

    @AfterAll
    void stop() {
        broker.close();
    }

    private static String observe(LogEffect effect, LiveBroker on, String topic) throws Exception {
        return effect.observe().of(on, topic);
    }

    @ParameterizedTest
    @FieldSource("EFFECTS")
    void setWithTheTopic(LogEffect effect) throws Exception {
        assertThat(observe(effect, broker, broker.topic(effect.base()))).as("by default").isEqualTo(effect.byDefault());
        Map<String, String> configs = new java.util.HashMap<>(effect.base());
        configs.put(effect.key(), effect.value());
        assertThat(observe(effect, broker, broker.topic(configs))).as("when set").isEqualTo(effect.whenSet());
    }

    @ParameterizedTest
    @FieldSource("EFFECTS")
    void changedOnALivingTopic(LogEffect effect) throws Exception {
        String topic = broker.topic(effect.base());
        broker.alter(Type.TOPIC, topic, effect.key(), effect.value());
        assertThat(observe(effect, broker, topic)).isEqualTo(effect.whenSet());
        String back = broker.topic(effect.base());
        broker.alter(Type.TOPIC, back, effect.key(), effect.value());
        broker.alter(Type.TOPIC, back, effect.key(), null);
        assertThat(observe(effect, broker, back)).as("taken back").isEqualTo(effect.byDefault());
    }

    static Stream<Arguments> dynamic() {
        return EFFECTS.stream().flatMap(effect -> synonyms(effect).filter(ConfigKey::actsWithoutRestart)
                .flatMap(key -> Stream.of(Arguments.of(key.name(), "", effect), Arguments.of(key.name(), "1", effect))));
    }

    @ParameterizedTest
    @MethodSource("dynamic")
    void changedOnALivingBroker(String key, String brokerId, LogEffect effect) throws Exception {
        String topic = broker.topic(effect.base());
        broker.alter(Type.BROKER, brokerId, key, inUnitOf(key, effect));
        try {
            assertThat(observe(effect, broker, topic)).isEqualTo(effect.whenSet());
        } finally {
            broker.alter(Type.BROKER, brokerId, key, null);
        }
        assertThat(broker.log(topic).config()).as("taken back").isEqualTo(broker.log(broker.topic(effect.base())).config());
    }

    static Stream<Arguments> statics() {
        return EFFECTS.stream().flatMap(effect -> synonyms(effect).map(key -> Arguments.of(key.name(), effect)));
    }

    @ParameterizedTest
    @MethodSource("statics")
    void setInTheBrokersConfiguration(String key, LogEffect effect, @TempDir Path own) throws Exception {
        try (LiveBroker configured = LiveBroker.start(own, key, inUnitOf(key, effect))) {
            assertThat(observe(effect, configured, configured.topic(effect.base()))).isEqualTo(effect.whenSet());
        }
    }

    private static Stream<ConfigKey> synonyms(LogEffect effect) {
        return TopicKeys.KEYS.get(effect.key()).synonyms().stream().map(BrokerKeys.KEYS::get);
    }

    /** The value of the effect, in hours where the broker's key counts hours. */
    private static String inUnitOf(String key, LogEffect effect) {
        long unit = BrokerKeys.KEYS.get(key).unit().toMillis();
        return unit == 1 ? effect.value() : String.valueOf(Long.parseLong(effect.value()) / unit);
    }

    /** What this test proves: for {@link EveryKeyIsProvedTest}. */
    static Stream<String> proved() {
        return EFFECTS.stream().flatMap(effect -> Stream.concat(Stream.of(effect.key()), synonyms(effect).map(ConfigKey::name)));
    }
}
