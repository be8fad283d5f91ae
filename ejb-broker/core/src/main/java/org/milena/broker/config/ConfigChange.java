package org.milena.broker.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidRequestException;

/** What an alteration makes of the settings of one resource: worked out and checked before anything is written. */
public final class ConfigChange {

    /** What to do with a key; the ordinals are the protocol's numbers (KIP-339). */
    public enum OpType {
        SET, DELETE, APPEND, SUBTRACT;

        /** Null for an unknown number. */
        public static OpType of(byte id) {
            return id >= 0 && id < values().length ? values()[id] : null;
        }

        public byte id() {
            return (byte) ordinal();
        }
    }

    /** One operation on a key; {@code type} is null when the request's is unknown; {@code value} is ignored for DELETE. */
    public record Operation(String key, OpType type, String value) {
    }

    private ConfigChange() {
    }

    /**
     * The settings after an incremental alteration.
     *
     * @throws InvalidRequestException a key twice, or no value
     * @throws InvalidConfigurationException APPEND or SUBTRACT on a key that is no list
     */
    public static Map<String, String> apply(ConfigKeys keys, Map<String, String> current, List<Operation> operations) {
        checkShape(operations);
        Map<String, String> result = new LinkedHashMap<>(current);
        for (Operation operation : operations) {
            switch (operation.type()) {
                case SET -> result.put(operation.key(), operation.value());
                case DELETE -> result.remove(operation.key());
                case APPEND, SUBTRACT -> result.put(operation.key(), changeList(keys, current, operation));
            }
        }
        return result;
    }

    private static void checkShape(List<Operation> operations) {
        Set<String> seen = new LinkedHashSet<>();
        List<String> empty = new ArrayList<>();
        for (Operation operation : operations) {
            if (operation.type() == null) {
                throw new InvalidRequestException("Unknown operations type for config key " + operation.key());
            }
            if (!seen.add(operation.key())) {
                throw new InvalidRequestException("Error due to duplicate config keys");
            }
            if (operation.type() != OpType.DELETE && operation.value() == null) {
                empty.add(operation.key());
            }
        }
        if (!empty.isEmpty()) {
            throw new InvalidRequestException("Null value not supported for : " + String.join(", ", empty));
        }
    }

    private static String changeList(ConfigKeys keys, Map<String, String> current, Operation operation) {
        ConfigKey key = keys.get(operation.key());
        if (key == null || key.type() != ConfigDef.Type.LIST) {
            throw new InvalidConfigurationException(keys == BrokerKeys.KEYS
                    ? "Config value " + operation.type().name().toLowerCase(java.util.Locale.ROOT)
                            + " is not allowed for config key: " + operation.key()
                    : "Can't " + operation.type() + " to key " + operation.key() + " because its type is not LIST.");
        }
        List<String> members = new ArrayList<>(members(current.getOrDefault(key.name(), Objects.requireNonNullElse(key.defaultValue(), ""))));
        for (String member : members(operation.value())) {
            if (operation.type() == OpType.SUBTRACT) {
                members.remove(member);
            } else if (!members.contains(member)) {
                members.add(member);
            }
        }
        return String.join(",", members);
    }

    private static List<String> members(String list) {
        return Arrays.stream(list.split(",")).map(String::trim).filter(s -> !s.isEmpty()).toList();
    }

    /** The writes that turn {@code current} into {@code next}: null removes a key. */
    public static Map<String, String> difference(Map<String, String> current, Map<String, String> next) {
        Map<String, String> result = new HashMap<>();
        current.keySet().stream().filter(key -> !next.containsKey(key)).forEach(key -> result.put(key, null));
        next.forEach((key, value) -> {
            if (!value.equals(current.get(key))) {
                result.put(key, value);
            }
        });
        return result;
    }
}
