package org.milena.broker.group.assignor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;

/** The assignors a broker offers, in the order of {@code group.consumer.assignors}; the first is the default. */
public final class Assignors {

    public static final String CONFIG = "group.consumer.assignors";

    private final Map<String, PartitionAssignor> byName = new LinkedHashMap<>();

    /** @throws ConfigException a name is unknown or given twice, or there is none */
    public Assignors(List<String> names) {
        for (String name : names) {
            PartitionAssignor assignor = switch (name) {
                case "uniform" -> new UniformAssignor();
                case "range" -> new RangeAssignor();
                default -> throw new ConfigException(CONFIG, name, "must be one of uniform, range");
            };
            if (byName.put(name, assignor) != null) {
                throw new ConfigException(CONFIG, names, "names " + name + " twice");
            }
        }
        if (byName.isEmpty()) {
            throw new ConfigException(CONFIG, names, "must name at least one assignor");
        }
    }

    /** Null when there is none of that name. */
    public PartitionAssignor get(String name) {
        return byName.get(name);
    }

    public PartitionAssignor first() {
        return byName.values().iterator().next();
    }

    /** For messages: {@code uniform, range}. */
    public String names() {
        return String.join(", ", byName.keySet());
    }
}
