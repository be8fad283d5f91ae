package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * Every key that DescribeConfigs returns has a test that shows what it does ({@link Proves}, {@link TopicKeysActTest}), and no other
 * key can be set.
 */
class EveryKeyIsProvedTest {

    /** Read by the shell around the broker before there is a broker: proved by its own tests (DatabaseKeysTest in ejb-broker/ejb). */
    private static final Set<String> OF_THE_SHELL = Set.of("milena.datasource.url", "milena.datasource.user",
            "milena.datasource.password", "milena.datasource.jndi");

    @TempDir
    Path dir;

    private static Set<String> proved() throws Exception {
        Set<String> proved = new TreeSet<>(TopicKeysActTest.proved().toList());
        for (Class<?> test : tests()) {
            for (Method method : test.getDeclaredMethods()) {
                Proves proves = method.getAnnotation(Proves.class);
                if (proves != null) {
                    assertThat(method.isAnnotationPresent(Test.class) || method.isAnnotationPresent(ParameterizedTest.class))
                            .as(method + " is a test").isTrue();
                    proved.addAll(List.of(proves.value()));
                }
            }
        }
        return proved;
    }

    private static List<Class<?>> tests() throws IOException, URISyntaxException {
        Path classes = Path.of(EveryKeyIsProvedTest.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        String thisPackage = EveryKeyIsProvedTest.class.getPackageName();
        try (Stream<Path> files = Files.list(classes.resolve(thisPackage.replace('.', '/')))) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith("Test.class"))
                    .<Class<?>>map(name -> load(thisPackage + "." + name.substring(0, name.length() - ".class".length()))).toList();
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void everyKeyThatDescribeConfigsReturnsIsProved() throws Exception {
        Set<String> described = new HashSet<>();
        try (LiveBroker broker = LiveBroker.start(dir)) {
            described.addAll(broker.describe(Type.TOPIC, broker.topic(java.util.Map.of())).keySet());
            described.addAll(broker.describe(Type.BROKER, "1").keySet());
            described.addAll(broker.describe(Type.GROUP, "g").keySet());
        }
        Set<String> defined = new HashSet<>();
        Stream.of(TopicKeys.KEYS, BrokerKeys.KEYS, GroupKeys.KEYS).forEach(keys -> defined.addAll(keys.all().keySet()));
        assertThat(described).as("described are the keys that are defined").isEqualTo(defined);
        Set<String> unproved = new TreeSet<>(described);
        unproved.removeAll(proved());
        assertThat(unproved).as("keys that no test shows to act").isEqualTo(new TreeSet<>(OF_THE_SHELL));
        assertThat(described).as("proofs of keys that there are").containsAll(proved());
    }

    @Test
    void aKeyThatDoesNotActIsRefused() throws Exception {
        try (LiveBroker broker = LiveBroker.start(dir)) {
            String topic = broker.topic(java.util.Map.of());
            for (String key : Arrays.asList("preallocate", "unclean.leader.election.enable", "remote.storage.enable", "no.such.key")) {
                assertThatThrownBy(() -> broker.alter(Type.TOPIC, topic, key, "true")).hasMessage("Unknown topic config name: " + key);
            }
            assertThatThrownBy(() -> broker.alter(Type.BROKER, "", "background.threads", "3")).hasMessage("Unknown broker config name: background.threads");
            assertThatThrownBy(() -> broker.alter(Type.GROUP, "g", "share.session.timeout.ms", "3")).hasMessage("Unknown group config name: share.session.timeout.ms");
            assertThatThrownBy(() -> broker.alter(ConfigResource.Type.BROKER, "1", "num.io.threads", "3"))
                    .hasMessageContaining("Cannot update these configs dynamically: [num.io.threads]");
        }
        assertThatThrownBy(() -> LiveBroker.start(dir, "background.threads", "3")).hasMessageContaining("background.threads");
    }
}
