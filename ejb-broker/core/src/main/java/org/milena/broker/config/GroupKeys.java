package org.milena.broker.config;

import org.apache.kafka.common.config.ConfigDef.Type;
import org.milena.broker.config.ConfigKey.Scope;
import org.milena.broker.config.ConfigKey.Unit;

/** The keys of a consumer group (KIP-848). */
public final class GroupKeys {

    public static final String CONSUMER_SESSION_TIMEOUT_MS = "consumer.session.timeout.ms";
    public static final String CONSUMER_HEARTBEAT_INTERVAL_MS = "consumer.heartbeat.interval.ms";
    public static final String CONSUMER_ASSIGNMENT_INTERVAL_MS = "consumer.assignment.interval.ms";

    public static final ConfigKeys KEYS = new ConfigKeys();

    static {
        KEYS.key(CONSUMER_SESSION_TIMEOUT_MS, Type.INT, "45000", Scope.GROUP).atLeast(1).in(Unit.MILLISECONDS)
                .or("group.consumer.session.timeout.ms")
                .add("How long a member of this group that uses the consumer protocol may be silent before it is removed. "
                        + "Lies within group.consumer.min.session.timeout.ms and group.consumer.max.session.timeout.ms.");
        KEYS.key(CONSUMER_HEARTBEAT_INTERVAL_MS, Type.INT, "5000", Scope.GROUP).atLeast(1).in(Unit.MILLISECONDS)
                .or("group.consumer.heartbeat.interval.ms")
                .add("How often the members of this group that use the consumer protocol send heartbeats. "
                        + "Lies within group.consumer.min.heartbeat.interval.ms and group.consumer.max.heartbeat.interval.ms.");
        KEYS.key(CONSUMER_ASSIGNMENT_INTERVAL_MS, Type.INT, "1000", Scope.GROUP).atLeast(0).in(Unit.MILLISECONDS)
                .or("group.consumer.assignment.interval.ms")
                .add("The least time between two assignments of this group while it uses the consumer protocol. "
                        + "Lies within group.consumer.min.assignment.interval.ms and group.consumer.max.assignment.interval.ms.");
    }

    private GroupKeys() {
    }
}
