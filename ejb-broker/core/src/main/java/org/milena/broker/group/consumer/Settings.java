package org.milena.broker.group.consumer;

import java.util.Map;
import org.milena.broker.group.GroupConfig;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.assignor.Assignors;

/** The settings of consumer groups: a group's own (dynamic, KIP-848 and KIP-1263), else the broker's. Times in milliseconds. */
final class Settings {

    private final ShardContext context;
    private Assignors assignors;
    private GroupConfig.Consumer assignorsOf;

    Settings(ShardContext context) {
        this.context = context;
    }

    GroupConfig broker() {
        return context.config().get();
    }

    int sessionTimeoutMs(String groupId) {
        return own(groupId, "consumer.session.timeout.ms", broker().consumer().sessionTimeoutMs());
    }

    int heartbeatIntervalMs(String groupId) {
        return own(groupId, "consumer.heartbeat.interval.ms", broker().consumer().heartbeatIntervalMs());
    }

    int assignmentIntervalMs(String groupId) {
        return own(groupId, "consumer.assignment.interval.ms", broker().consumer().assignmentIntervalMs());
    }

    Assignors assignors() {
        GroupConfig.Consumer now = broker().consumer();
        if (assignorsOf != now) {
            assignors = new Assignors(now.assignors());
            assignorsOf = now;
        }
        return assignors;
    }

    private int own(String groupId, String key, int otherwise) {
        Map<String, String> configs = context.metadata().get().groupConfigs().getOrDefault(groupId, Map.of());
        String value = configs.get(key);
        return value == null ? otherwise : Integer.parseInt(value.trim());
    }
}
