package org.milena.tests.clients;

import org.milena.tests.broker.Jvm;

/** The product's own release, classic group protocol. */
class Java440Test extends TransactionContract {
    @Override
    Driver driver() {
        return Drivers.java("java-4.4.0", Drivers.ALL_CODECS, Jvm.ownClients());
    }

    @Override
    String fenced() {
        return "ProducerFencedException";
    }
}
