package org.milena.tests.orders;

import org.junit.jupiter.api.BeforeAll;

/** The database is a file of the server's H2: it dies with the server. What it holds in doubt it tells nobody outside. */
class OrderServiceOnH2IT extends OrderService {

    @BeforeAll
    static void start() throws Exception {
        install(Database.h2());
    }

    @Override
    int inDoubt() {
        return 0;
    }
}
