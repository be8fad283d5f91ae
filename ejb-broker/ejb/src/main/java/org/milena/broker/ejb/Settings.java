package org.milena.broker.ejb;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import org.apache.kafka.common.config.ConfigException;
import org.milena.broker.api.Configuration.Setting;
import org.milena.broker.config.BrokerConfig;
import org.milena.persistence.DatabaseSettings;

/**
 * Where settings come from, strongest first: what the server configures by MicroProfile Config (system property, environment
 * variable, the server's own sources), then {@code milena.properties} in the data directory.
 */
final class Settings {

    static final String FILE = "milena.properties";
    private static final String DATA_DIR = "milena.data.dir";
    private static final String URL = "milena.datasource.url";
    private static final String JNDI = "milena.datasource.jndi";

    private final Function<String, Optional<Setting>> server;
    private final Path dataDirectory;
    private final Properties file = new Properties();

    /**
     * @param server        what the server configures
     * @param serversData   the server's own data directory, if it has one
     * @throws ConfigException the data directory can't be used, or its file can't be read
     */
    Settings(Function<String, Optional<Setting>> server, Optional<Path> serversData) {
        this.server = server;
        dataDirectory = usable(dataDirectory(serversData));
        Path path = dataDirectory.resolve(FILE);
        if (Files.exists(path)) {
            try (Reader reader = Files.newBufferedReader(path)) {
                file.load(reader);
            } catch (IOException | IllegalArgumentException e) {
                throw new ConfigException("The settings in " + path + " can't be read: " + e.getMessage());
            }
            refuseUnknown(path);
        }
    }

    static Settings ofThisServer() {
        return new Settings(serverSource(), Optional.ofNullable(System.getProperty("jboss.server.data.dir"))
            .or(() -> Optional.ofNullable(System.getProperty("com.sun.aas.instanceRoot"))).map(Path::of));
    }

    private static Function<String, Optional<Setting>> serverSource() {
        try {
            return new MicroProfileSource();
        } catch (LinkageError | IllegalStateException e) {
            return new PlainSource(System::getProperty, System::getenv);
        }
    }

    Path dataDirectory() {
        return dataDirectory;
    }

    Optional<Setting> find(String key) {
        return server.apply(key).or(() ->
            Optional.ofNullable(file.getProperty(key)).map(value -> new Setting(value.trim(), dataDirectory.resolve(FILE).toString())));
    }

    /** @throws ConfigException names key, value and what is allowed */
    BrokerConfig brokerConfig() {
        return BrokerConfig.of(key -> find(key).map(Setting::value), dataDirectory);
    }

    /**
     * Which database holds the metadata: the server's data source, a URL, or an H2 file of our own.
     *
     * @throws ConfigException names key, value and what is allowed
     */
    DatabaseSettings database() {
        Optional<Setting> jndi = find(JNDI);
        Optional<Setting> url = find(URL);
        if (jndi.isPresent() && url.isPresent()) {
            throw new ConfigException(URL, url.get().value(), "Only one of " + URL + " and " + JNDI + " can be set");
        }
        if (jndi.isPresent()) {
            return DatabaseSettings.jndi(jndi.get().value());
        }
        if (url.isEmpty()) {
            return DatabaseSettings.h2File(dataDirectory.resolve("metadata").resolve("milena"));
        }
        if (!url.get().value().matches("jdbc:(postgresql:|h2:(?!mem:)).+")) {
            throw new ConfigException(URL, url.get().value(), "It must begin with jdbc:postgresql: or jdbc:h2: (and not be in memory)");
        }
        return DatabaseSettings.url(url.get().value(), find("milena.datasource.user").map(Setting::value).orElse(null),
            find("milena.datasource.password").map(Setting::value).orElse(null));
    }

    private void refuseUnknown(Path path) {
        try {
            BrokerConfig.refuseUnknown(new java.util.TreeSet<>(file.stringPropertyNames()));
        } catch (ConfigException e) {
            throw new ConfigException(path + ": " + e.getMessage());
        }
    }

    private Path dataDirectory(Optional<Path> serversData) {
        Optional<Setting> configured = server.apply(DATA_DIR);
        try {
            return configured.map(setting -> Path.of(setting.value())).or(() -> serversData.map(dir -> dir.resolve("milena")))
                .orElseThrow(() -> new ConfigException(DATA_DIR, null, "This server has no data directory that Milena knows of; set it to a "
                    + "directory that the server may write to")).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new ConfigException(DATA_DIR, configured.map(Setting::value).orElse(null), "It must be a path of this file system");
        }
    }

    private static Path usable(Path directory) {
        String needed = "It must be a directory that the server may write to";
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new ConfigException(DATA_DIR, directory, needed + ", and can't be created: " + e);
        }
        if (!Files.isWritable(directory)) {
            throw new ConfigException(DATA_DIR, directory, needed);
        }
        return directory;
    }

    /** For a server without MicroProfile Config, with its rules. */
    record PlainSource(Function<String, String> properties, Function<String, String> environment) implements Function<String, Optional<Setting>> {

        @Override
        public Optional<Setting> apply(String key) {
            String value = properties.apply(key);
            if (value != null) {
                return Optional.of(new Setting(value, "system property"));
            }
            String variable = key.replaceAll("[^A-Za-z0-9]", "_");
            for (String name : new String[] {variable, variable.toUpperCase(Locale.ROOT)}) {
                value = environment.apply(name);
                if (value != null) {
                    return Optional.of(new Setting(value, "environment variable " + name));
                }
            }
            return Optional.empty();
        }
    }
}
