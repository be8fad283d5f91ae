package org.milena.broker.ejb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.persistence.Database;
import org.milena.persistence.DatabaseException;

/** {@code milena.datasource.*}: the keys that are read before there is a broker. Each decides which database is opened, and how. */
class DatabaseKeysTest {

    @TempDir
    Path server;

    private Database open(String... settings) {
        Map<String, String> properties = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            properties.put(settings[i], settings[i + 1]);
        }
        return Database.open(new Settings(new Settings.PlainSource(properties::get, name -> null), Optional.of(server)).database());
    }

    @Test
    void theUrlNamesTheDatabase() {
        open().close();
        assertThat(server.resolve("milena/metadata/milena.mv.db")).exists();
        open("milena.datasource.url", "jdbc:h2:file:" + server.resolve("other")).close();
        assertThat(server.resolve("other.mv.db")).exists();
    }

    @Test
    void userAndPasswordOpenIt() {
        String url = "jdbc:h2:file:" + server.resolve("locked");
        String[] right = {"milena.datasource.url", url, "milena.datasource.user", "keeper", "milena.datasource.password", "right"};
        open(right).close();
        open(right).close();
        assertThatThrownBy(() -> open("milena.datasource.url", url, "milena.datasource.user", "keeper", "milena.datasource.password", "wrong"))
            .isInstanceOf(DatabaseException.class).hasStackTraceContaining("Wrong user name or password");
        assertThatThrownBy(() -> open("milena.datasource.url", url, "milena.datasource.user", "thief", "milena.datasource.password", "right"))
            .isInstanceOf(DatabaseException.class).hasStackTraceContaining("Wrong user name or password");
    }

    @Test
    void theJndiNameNamesADataSourceOfTheServer() {
        assertThatThrownBy(() -> open("milena.datasource.jndi", "java:/nobody/bound/this")).hasStackTraceContaining("java:/nobody/bound/this");
        assertThatThrownBy(() -> open("milena.datasource.jndi", "java:/x", "milena.datasource.url", "jdbc:h2:file:/x")).isInstanceOf(ConfigException.class)
            .hasMessageContaining("Only one of milena.datasource.url and milena.datasource.jndi can be set");
    }
}
