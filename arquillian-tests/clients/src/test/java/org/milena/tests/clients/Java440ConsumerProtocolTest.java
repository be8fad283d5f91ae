package org.milena.tests.clients;

import org.milena.tests.broker.Jvm;

/** KIP-848: the server assigns the partitions. */
class Java440ConsumerProtocolTest extends TransactionContract {
    @Override
    Driver driver() {
        return Drivers.java("java-4.4.0-kip848", Drivers.ALL_CODECS, Jvm.ownClients(), "config.group.protocol=consumer");
    }

    @Override
    String fenced() {
        return "ProducerFencedException";
    }
}
