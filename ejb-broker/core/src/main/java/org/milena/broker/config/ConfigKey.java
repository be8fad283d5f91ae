package org.milena.broker.config;

import java.util.List;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;

/**
 * One configuration key that acts. The single source for parsing, DescribeConfigs, AlterConfigs and the table in the documents.
 *
 * @param defaultValue as text; null when there is none
 * @param validator    may be null: every value of the type is allowed
 * @param synonyms     broker keys that stand in when this one is not set, the strongest first. A topic key names the broker keys
 *                     of its default; a broker key of a family in several units (…ms, …minutes, …hours) names the others.
 */
public record ConfigKey(String name, ConfigDef.Type type, String defaultValue, ConfigDef.Validator validator,
                        ConfigDef.Importance importance, String documentation, Scope scope, Unit unit, Update update,
                        List<String> synonyms) {

    /** What the key belongs to. */
    public enum Scope { BROKER, TOPIC, GROUP }

    /** How a broker key changes: Kafka's update modes. */
    public enum Update {
        READ_ONLY("read-only"), PER_BROKER("per-broker"), CLUSTER_WIDE("cluster-wide");

        private final String text;

        Update(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    public enum Unit {
        NONE(""), MILLISECONDS("ms"), MINUTES("minutes"), HOURS("hours"), BYTES("bytes"), BYTES_PER_SECOND("bytes/s"), COUNT("number");

        private final String text;

        Unit(String text) {
            this.text = text;
        }

        /** How many milliseconds one of this unit is. */
        long toMillis() {
            return switch (this) {
                case MINUTES -> 60_000L;
                case HOURS -> 3_600_000L;
                default -> 1L;
            };
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** Passwords and the like: never shown. */
    public boolean sensitive() {
        return type == ConfigDef.Type.PASSWORD;
    }

    public boolean actsWithoutRestart() {
        return update != Update.READ_ONLY;
    }

    /**
     * The typed value of {@code text}, checked.
     *
     * @throws ConfigException in Kafka's words: key, value and what is wrong with it
     */
    public Object parse(String text) {
        Object value = ConfigDef.parseType(name, text, type);
        if (validator != null && value != null) {
            validator.ensureValid(name, value);
        }
        return value;
    }

    /** The typed default, or null. */
    public Object defaultTyped() {
        return defaultValue == null ? null : ConfigDef.parseType(name, defaultValue, type);
    }

    /** What may be set, for people. */
    public String allowed() {
        if (validator != null) {
            return validator.toString();
        }
        return switch (type) {
            case BOOLEAN -> "true or false";
            case INT, LONG, SHORT -> "a whole number";
            case DOUBLE -> "a number";
            case LIST -> "a comma-separated list";
            default -> "text";
        };
    }
}
