package org.milena.broker.config;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;

/** Validators that kafka-clients has not ready. */
final class Validators {

    private Validators() {
    }

    /** A list whose members come from {@code allowed}, each at most once; empty where {@code emptyAllowed}. */
    static ConfigDef.Validator listOf(boolean emptyAllowed, String... allowed) {
        List<String> all = Arrays.asList(allowed);
        return new ConfigDef.Validator() {
            @Override
            public void ensureValid(String name, Object value) {
                List<?> members = (List<?>) value;
                if (members.isEmpty() && !emptyAllowed) {
                    throw new ConfigException(name, value, "must not be empty");
                }
                if (new HashSet<>(members).size() != members.size()) {
                    throw new ConfigException(name, value, "must not name a value twice");
                }
                for (Object member : members) {
                    if (!all.contains(String.valueOf(member))) {
                        throw new ConfigException(name, member, "String must be one of: " + String.join(", ", all));
                    }
                }
            }

            @Override
            public String toString() {
                return all.toString();
            }
        };
    }

    /** A range, or -1 for the codec's own default. */
    static ConfigDef.Validator levelOrDefault(int minimum, int maximum) {
        ConfigDef.Range range = ConfigDef.Range.between(minimum, maximum);
        return new ConfigDef.Validator() {
            @Override
            public void ensureValid(String name, Object value) {
                if (((Number) value).intValue() != -1) {
                    range.ensureValid(name, value);
                }
            }

            @Override
            public String toString() {
                return "[" + minimum + ",...," + maximum + "] or -1";
            }
        };
    }

    /** A time limit: a positive number, or -1 for none. */
    static ConfigDef.Validator positiveOrMinusOne() {
        return new ConfigDef.Validator() {
            @Override
            public void ensureValid(String name, Object value) {
                long number = ((Number) value).longValue();
                if (number == 0 || number < -1) {
                    throw new ConfigException(name, value, "must be unlimited (-1) or, equal or greater than 1");
                }
            }

            @Override
            public String toString() {
                return "-1 or [1,...]";
            }
        };
    }
}
