package org.milena.tests.clients;

import java.util.List;
import org.milena.tests.broker.Jvm;

/** KIP-429: partitions move one by one, the rest of the group goes on. */
class Java440CooperativeTest extends ClientContract {
    @Override
    Driver driver() {
        return Drivers.java("java-4.4.0-cooperative", List.of("none"), Jvm.ownClients(),
            "config.partition.assignment.strategy=org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
    }
}
