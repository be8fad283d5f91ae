package org.milena.tests.clients;

import org.milena.tests.broker.Jvm;

/** The last release of the 2.x line. */
class Java282Test extends TransactionContract {
    @Override
    Driver driver() {
        return Drivers.java("java-2.8.2", Drivers.ALL_CODECS, Jvm.libs("clients-2.8.2"));
    }

    @Override
    String fenced() {
        return "ProducerFencedException";
    }
}
