package org.milena.broker.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.kafka.common.config.ConfigException;
import org.milena.broker.cache.MetadataImage;

/**
 * The broker's configuration, complete and checked; immutable. Static values come from the server (system property, environment,
 * {@code milena.properties}), dynamic ones from the metadata image; the strongest wins, as in Kafka: the broker's own dynamic
 * value, the cluster-wide dynamic default, the static value, the default.
 */
public final class BrokerConfig {

    private final Map<String, String> statics;
    private final Map<String, String> derivedDefaults;
    private final Map<String, String> clusterWide;
    private final Map<String, String> perBroker;
    private final Map<String, Object> values = new HashMap<>();

    private BrokerConfig(Map<String, String> statics, Map<String, String> derivedDefaults, Map<String, String> clusterWide,
                         Map<String, String> perBroker) {
        this.statics = Collections.unmodifiableMap(statics);
        this.derivedDefaults = derivedDefaults;
        this.clusterWide = Map.copyOf(clusterWide);
        this.perBroker = Map.copyOf(perBroker);
        for (ConfigKey key : BrokerKeys.KEYS.all().values()) {
            values.put(key.name(), key.parse(effective(key.name())));
        }
        BrokerConfigRules.check(this);
    }

    /**
     * Reads every key that acts from {@code lookup}.
     *
     * @param defaultDataDir where data goes when nothing is configured; the server's data directory, decided by the shell
     * @throws ConfigException names the key, its value and what is allowed
     */
    public static BrokerConfig of(Function<String, Optional<String>> lookup, Path defaultDataDir) {
        Map<String, String> statics = new LinkedHashMap<>();
        for (String name : BrokerKeys.KEYS.all().keySet()) {
            lookup.apply(name).ifPresent(value -> statics.put(name, value.trim()));
        }
        // What was set is named in the error, not what follows from it (broker.id from node.id).
        statics.forEach((name, value) -> BrokerKeys.KEYS.get(name).parse(value));
        Map<String, String> derived = new HashMap<>();
        String dataDir = statics.getOrDefault("milena.data.dir", defaultDataDir.toString());
        derived.put("milena.data.dir", dataDir);
        derived.put("log.dir", Path.of(dataDir).resolve("logs").toString());
        if (statics.containsKey("broker.id")) {
            statics.putIfAbsent("node.id", statics.get("broker.id"));
        }
        derived.put("broker.id", statics.getOrDefault("node.id", BrokerKeys.KEYS.get("node.id").defaultValue()));
        return new BrokerConfig(statics, derived, Map.of(), Map.of());
    }

    /** For tests: a map that names {@code milena.data.dir} or {@code log.dirs}. */
    public static BrokerConfig of(Map<String, String> values) {
        refuseUnknown(values.keySet());
        return of(name -> Optional.ofNullable(values.get(name)), Path.of("milena-data"));
    }

    /**
     * For sources that can be listed, such as {@code milena.properties}.
     *
     * @throws ConfigException at the first key that does not act
     */
    public static void refuseUnknown(Iterable<String> names) {
        for (String name : names) {
            if (!BrokerKeys.KEYS.contains(name)) {
                throw new ConfigException("Unknown configuration " + name + ": Milena has no such key, and would ignore its value. "
                        + "Keys that act are listed in docs/configuration.md");
            }
        }
    }

    /** The same static configuration under other dynamic values; keys that can't be dynamic are ignored. */
    public BrokerConfig with(Map<String, String> newClusterWide, Map<String, String> newPerBroker) {
        if (newClusterWide.equals(clusterWide) && newPerBroker.equals(perBroker)) {
            return this;
        }
        return new BrokerConfig(statics, derivedDefaults, dynamicOnly(newClusterWide), dynamicOnly(newPerBroker));
    }

    /** The configuration under the dynamic values of an image. */
    public BrokerConfig with(MetadataImage image) {
        return with(image.brokerConfigs().getOrDefault("", Map.of()),
                image.brokerConfigs().getOrDefault(String.valueOf(nodeId()), Map.of()));
    }

    private static Map<String, String> dynamicOnly(Map<String, String> dynamic) {
        Map<String, String> result = BrokerKeys.KEYS.known(dynamic);
        result.keySet().removeIf(name -> !BrokerKeys.KEYS.get(name).actsWithoutRestart());
        return result;
    }

    /** The dynamic values that all brokers share. */
    public Map<String, String> clusterWide() {
        return clusterWide;
    }

    /** The dynamic values of this broker alone. */
    public Map<String, String> perBroker() {
        return perBroker;
    }

    /** Where a value comes from: Kafka's config sources. */
    public enum Source { DYNAMIC_BROKER, DYNAMIC_DEFAULT_BROKER, STATIC_BROKER, DEFAULT }

    /** A value that is set somewhere. */
    public record Setting(String name, String value, Source source) {
    }

    /** Every setting that could decide {@code names} (a key, or a family of keys), the one that decides first. */
    public List<Setting> settings(List<String> names) {
        List<Setting> result = new ArrayList<>();
        collect(result, names, perBroker, Source.DYNAMIC_BROKER);
        collect(result, names, clusterWide, Source.DYNAMIC_DEFAULT_BROKER);
        collect(result, names, statics, Source.STATIC_BROKER);
        for (String name : names) {
            String value = derivedDefaults.getOrDefault(name, BrokerKeys.KEYS.get(name).defaultValue());
            if (value != null) {
                result.add(new Setting(name, value, Source.DEFAULT));
            }
        }
        return result;
    }

    private static void collect(List<Setting> result, List<String> names, Map<String, String> from, Source source) {
        for (String name : names) {
            String value = from.get(name);
            if (value != null) {
                result.add(new Setting(name, value, source));
            }
        }
    }

    /** The value of one key as text, without its synonyms; null when there is none. */
    public String effective(String name) {
        List<Setting> settings = settings(List.of(name));
        return settings.isEmpty() ? null : settings.get(0).value();
    }

    /**
     * What decides a family of keys: the strongest key that has a value at all, at its strongest source (Kafka merges the sources
     * first and looks at the units after).
     */
    public Setting deciding(List<String> family) {
        for (String name : family) {
            List<Setting> settings = settings(List.of(name));
            if (!settings.isEmpty()) {
                return settings.get(0);
            }
        }
        return null;
    }

    /** The milliseconds that a family of keys in several units comes to; -1 stays -1; {@code none} when nothing is set. */
    public long millis(List<String> family, long none) {
        Setting setting = deciding(family);
        if (setting == null) {
            return none;
        }
        long value = Long.parseLong(setting.value().trim());
        return value < 0 ? -1 : Math.multiplyExact(value, BrokerKeys.KEYS.get(setting.name()).unit().toMillis());
    }

    /** @throws IllegalArgumentException for a key that does not act: a programming error */
    private Object value(String name) {
        if (!BrokerKeys.KEYS.contains(name)) {
            throw new IllegalArgumentException("no such key: " + name);
        }
        return values.get(name);
    }

    public int intValue(String name) {
        return ((Number) value(name)).intValue();
    }

    public long longValue(String name) {
        return ((Number) value(name)).longValue();
    }

    public double doubleValue(String name) {
        return ((Number) value(name)).doubleValue();
    }

    public boolean flag(String name) {
        return (Boolean) value(name);
    }

    /** Null when it is not set. */
    public String text(String name) {
        return (String) value(name);
    }

    @SuppressWarnings("unchecked")
    public List<String> list(String name) {
        Object value = value(name);
        return value == null ? List.of() : (List<String>) value;
    }

    public int nodeId() {
        return intValue("node.id");
    }

    public Path dataDir() {
        return path("milena.data.dir", text("milena.data.dir"));
    }

    /** {@code log.dirs}, or {@code log.dir}, or the default; absolute, without repetition. */
    public List<Path> logDirs() {
        String name = list("log.dirs").isEmpty() ? "log.dir" : "log.dirs";
        LinkedHashSet<Path> result = new LinkedHashSet<>();
        for (String directory : list(name)) {
            result.add(path(name, directory));
        }
        return List.copyOf(result);
    }

    private static Path path(String key, String text) {
        try {
            return Path.of(text).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new ConfigException(key, text, "It must be a path of this file system");
        }
    }

    public List<Endpoint> listeners() {
        return Endpoint.parse("listeners", list("listeners"));
    }

    /**
     * What clients are told. A port of 0 stands for the port that the listener got.
     * May ask the system for the host's name: call it once.
     */
    public List<Endpoint> advertisedListeners() {
        List<Endpoint> advertised = list("advertised.listeners").isEmpty() ? listeners()
                : Endpoint.parse("advertised.listeners", list("advertised.listeners"));
        return advertised.stream().map(e -> e.wildcard() ? new Endpoint(e.name(), canonicalHost(), e.port()) : e).toList();
    }

    private static String canonicalHost() {
        try {
            return InetAddress.getLocalHost().getCanonicalHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
