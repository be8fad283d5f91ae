package org.milena.broker.ejb;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import org.milena.broker.api.Configuration.Setting;
import org.milena.persistence.DatabaseSettings;

/**
 * Where settings come from, strongest first: system property, environment variable (key in upper case, every other character an
 * underscore, as MicroProfile Config has it), {@code milena.properties} in the data directory.
 */
final class Settings {

    static final String FILE = "milena.properties";
    static final String DATA_DIR = "milena.data.dir";

    private final Function<String, String> systemProperties;
    private final Function<String, String> environment;
    private final Path dataDirectory;
    private final Properties file = new Properties();

    /** @throws ConfigurationException the data directory can't be used, or its file can't be read */
    Settings(Function<String, String> systemProperties, Function<String, String> environment) {
        this.systemProperties = systemProperties;
        this.environment = environment;
        dataDirectory = findDataDirectory();
        Path path = dataDirectory.resolve(FILE);
        if (Files.exists(path)) {
            try (Reader reader = Files.newBufferedReader(path)) {
                file.load(reader);
            } catch (IOException | IllegalArgumentException e) {
                throw new ConfigurationException("The settings in " + path + " can't be read: " + e.getMessage(), e);
            }
        }
    }

    static Settings ofThisServer() {
        return new Settings(System::getProperty, System::getenv);
    }

    Path dataDirectory() {
        return dataDirectory;
    }

    Optional<Setting> find(String key) {
        String value = systemProperties.apply(key);
        if (value != null) {
            return Optional.of(new Setting(value, "system property"));
        }
        for (String name : new String[] {variable(key), variable(key).toUpperCase(java.util.Locale.ROOT)}) {
            value = environment.apply(name);
            if (value != null) {
                return Optional.of(new Setting(value, "environment variable " + name));
            }
        }
        value = file.getProperty(key);
        return Optional.ofNullable(value).map(v -> new Setting(v, dataDirectory.resolve(FILE).toString()));
    }

    /** Those of {@code keys} that are set. */
    Map<String, Setting> find(Iterable<String> keys) {
        Map<String, Setting> found = new LinkedHashMap<>();
        keys.forEach(key -> find(key).ifPresent(setting -> found.put(key, setting)));
        return found;
    }

    /** Keys of the file: those are meant for us, so that one nobody knows is a mistake. */
    java.util.Set<String> fileKeys() {
        return file.stringPropertyNames();
    }

    /** @throws ConfigurationException it is not a whole number between the two */
    int integer(String key, int otherwise, int min, int max) {
        Optional<Setting> setting = find(key);
        if (setting.isEmpty()) {
            return otherwise;
        }
        try {
            int value = Integer.parseInt(setting.get().value().trim());
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // told below, as a number out of range is
        }
        throw wrong(key, setting.get(), "a whole number from " + min + " to " + max);
    }

    /** Which database holds the metadata: the server's data source, a URL, or an H2 file of our own. */
    DatabaseSettings database() {
        Optional<Setting> jndi = find("milena.datasource.jndi");
        Optional<Setting> url = find("milena.datasource.url");
        if (jndi.isPresent() && url.isPresent()) {
            throw wrong("milena.datasource.url", url.get(), "to leave it out, as milena.datasource.jndi is set as well");
        }
        if (jndi.isPresent()) {
            return DatabaseSettings.jndi(jndi.get().value());
        }
        if (url.isEmpty()) {
            return DatabaseSettings.h2File(dataDirectory.resolve("metadata").resolve("milena"));
        }
        if (!url.get().value().matches("jdbc:(postgresql:|h2:(?!mem:)).*")) {
            throw wrong("milena.datasource.url", url.get(), "jdbc:postgresql:… or jdbc:h2:… (not in memory)");
        }
        return DatabaseSettings.url(url.get().value(), find("milena.datasource.user").map(Setting::value).orElse(null),
            find("milena.datasource.password").map(Setting::value).orElse(null));
    }

    static ConfigurationException wrong(String key, Setting setting, String allowed) {
        return new ConfigurationException("Invalid value '" + setting.value() + "' for " + key + " (" + setting.source() + "); allowed: " + allowed, null);
    }

    private Path findDataDirectory() {
        Path directory = find(DATA_DIR).map(setting -> Path.of(setting.value())).orElseGet(this::underTheServersData).toAbsolutePath().normalize();
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new ConfigurationException("The data directory " + directory + " can't be created (" + e + "); set " + DATA_DIR
                + " to a directory that this server may write to", e);
        }
        if (!Files.isWritable(directory)) {
            throw new ConfigurationException("The data directory " + directory + " can't be written to; set " + DATA_DIR
                + " to a directory that this server may write to", null);
        }
        return directory;
    }

    private Path underTheServersData() {
        String wildfly = systemProperties.apply("jboss.server.data.dir");
        if (wildfly != null) {
            return Path.of(wildfly, "milena");
        }
        String payara = systemProperties.apply("com.sun.aas.instanceRoot");
        if (payara != null) {
            return Path.of(payara, "milena");
        }
        throw new ConfigurationException("This server has no data directory that Milena knows of; set " + DATA_DIR
            + " to a directory that this server may write to", null);
    }

    private static String variable(String key) {
        return key.replaceAll("[^A-Za-z0-9]", "_");
    }
}
