package org.milena.tests.clients;

import java.util.List;
import org.milena.tests.broker.Jvm;

/** The oldest release of the 2.x line that many still run: Produce 6, Fetch 8, JoinGroup 3; no zstd yet. */
class Java201Test extends TransactionContract {
    @Override
    Driver driver() {
        return Drivers.java("java-2.0.1", List.of("none", "gzip", "snappy", "lz4"), Jvm.libs("clients-2.0.1"));
    }

    @Override
    String fenced() {
        return "ProducerFencedException";
    }
}
