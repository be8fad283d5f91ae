package org.milena.broker.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.milena.broker.config.ConfigKey.Scope;
import org.milena.broker.config.ConfigKey.Unit;
import org.milena.broker.config.ConfigKey.Update;

/** A set of {@link ConfigKey}s, by name; with the small language the definitions are written in. */
public final class ConfigKeys {

    private final Map<String, ConfigKey> keys = new TreeMap<>();

    ConfigKeys() {
    }

    public ConfigKey get(String name) {
        return keys.get(name);
    }

    public boolean contains(String name) {
        return keys.containsKey(name);
    }

    /** Sorted by name. */
    public Map<String, ConfigKey> all() {
        return java.util.Collections.unmodifiableMap(keys);
    }

    Definition key(String name, Type type, String defaultValue, Scope scope) {
        return new Definition(name, type, defaultValue, scope);
    }

    /** A key under construction; {@link #add} ends it. */
    final class Definition {
        private final String name;
        private final Type type;
        private final String defaultValue;
        private final Scope scope;
        private ConfigDef.Validator validator;
        private Importance importance = Importance.MEDIUM;
        private Unit unit = Unit.NONE;
        private Update update = Update.READ_ONLY;
        private List<String> synonyms = List.of();

        private Definition(String name, Type type, String defaultValue, Scope scope) {
            this.name = name;
            this.type = type;
            this.defaultValue = defaultValue;
            this.scope = scope;
            if (scope != Scope.BROKER) {
                update = Update.CLUSTER_WIDE;
            }
        }

        Definition atLeast(Number minimum) {
            validator = ConfigDef.Range.atLeast(minimum);
            return this;
        }

        Definition between(Number minimum, Number maximum) {
            validator = ConfigDef.Range.between(minimum, maximum);
            return this;
        }

        Definition oneOf(String... values) {
            validator = ConfigDef.ValidString.in(values);
            return this;
        }

        Definition check(ConfigDef.Validator other) {
            validator = other;
            return this;
        }

        Definition high() {
            importance = Importance.HIGH;
            return this;
        }

        Definition low() {
            importance = Importance.LOW;
            return this;
        }

        Definition in(Unit what) {
            unit = what;
            return this;
        }

        Definition clusterWide() {
            update = Update.CLUSTER_WIDE;
            return this;
        }

        Definition or(String... names) {
            synonyms = List.of(names);
            return this;
        }

        void add(String documentation) {
            ConfigKey key = new ConfigKey(name, type, defaultValue, validator, importance, documentation, scope, unit, update, synonyms);
            if (keys.put(name, key) != null) {
                throw new IllegalStateException("defined twice: " + name);
            }
            if (defaultValue != null) {
                key.parse(defaultValue);
            }
        }
    }

    /** Copies the entries whose key is in this set. */
    Map<String, String> known(Map<String, String> values) {
        Map<String, String> result = new LinkedHashMap<>();
        values.forEach((name, value) -> {
            if (keys.containsKey(name)) {
                result.put(name, value);
            }
        });
        return result;
    }
}
