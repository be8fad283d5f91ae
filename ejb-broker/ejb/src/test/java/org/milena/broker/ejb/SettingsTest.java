package org.milena.broker.ejb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.api.Configuration.Setting;

class SettingsTest {

    @TempDir
    Path server;

    private Path data;

    @BeforeEach
    void createDataDirectory() throws IOException {
        data = Files.createDirectories(server.resolve("milena"));
    }

    private Settings settings(Map<String, String> properties, Map<String, String> environment) {
        return new Settings(new Settings.PlainSource(properties::get, environment::get), Optional.of(server));
    }

    @Test
    void aSystemPropertyBeatsAVariableBeatsTheFileBeatsTheDefault() throws IOException {
        assertThat(settings(Map.of(), Map.of()).brokerConfig().nodeId()).isEqualTo(1);
        Files.writeString(data.resolve("milena.properties"), "node.id = 2\n");
        assertThat(settings(Map.of(), Map.of()).brokerConfig().nodeId()).isEqualTo(2);
        assertThat(settings(Map.of(), Map.of("NODE_ID", "3")).brokerConfig().nodeId()).isEqualTo(3);
        assertThat(settings(Map.of("node.id", "4"), Map.of("NODE_ID", "3")).brokerConfig().nodeId()).isEqualTo(4);
        assertThat(settings(Map.of(), Map.of("NODE_ID", "3")).find("node.id"))
            .contains(new Setting("3", "environment variable NODE_ID"));
    }

    @Test
    void dataLivesUnderTheServersDataDirectoryUnlessToldOtherwise() {
        assertThat(settings(Map.of(), Map.of()).brokerConfig().logDirs()).containsExactly(data.resolve("logs"));
        Path other = server.resolve("other");
        Settings moved = settings(Map.of("milena.data.dir", other.toString()), Map.of());
        assertThat(moved.brokerConfig().logDirs()).containsExactly(other.resolve("logs"));
        assertThat(moved.database().url()).isEqualTo("jdbc:h2:file:" + other.resolve("metadata/milena"));
    }

    @Test
    void aWrongValueIsRefusedWithKeyValueAndWhatIsAllowed() {
        Settings wrong = settings(Map.of("node.id", "first"), Map.of());
        assertThatThrownBy(wrong::brokerConfig).isInstanceOf(ConfigException.class)
            .hasMessageContaining("node.id").hasMessageContaining("first").hasMessageContaining("number");
        Settings memory = settings(Map.of("milena.datasource.url", "jdbc:h2:mem:x"), Map.of());
        assertThatThrownBy(memory::database).hasMessage("Invalid value jdbc:h2:mem:x for configuration milena.datasource.url: "
            + "It must begin with jdbc:postgresql: or jdbc:h2: (and not be in memory)");
    }

    @Test
    void aKeyOfTheFileThatNobodyKnowsIsRefused() throws IOException {
        Files.writeString(data.resolve("milena.properties"), "retention=1\n");
        assertThatThrownBy(() -> settings(Map.of(), Map.of())).isInstanceOf(ConfigException.class)
            .hasMessageContaining("milena.properties").hasMessageContaining("retention");
    }

    @Test
    void aDataDirectoryThatIsAFileIsRefused() throws IOException {
        Path file = Files.writeString(server.resolve("file"), "");
        assertThatThrownBy(() -> settings(Map.of("milena.data.dir", file.toString()), Map.of())).isInstanceOf(ConfigException.class)
            .hasMessageContaining("milena.data.dir").hasMessageContaining(file.toString());
    }

    @Test
    void thePasswordIsNeverShown() {
        Settings settings = settings(Map.of("milena.datasource.url", "jdbc:postgresql://db/m?password=secret", "milena.datasource.password", "secret"), Map.of());
        assertThat(settings.database().toString()).doesNotContain("secret");
    }
}
