package org.milena.tests.clients;

import java.util.List;
import java.util.Map;

/** confluent-kafka for Python, that is librdkafka. */
class ConfluentKafkaTest extends TransactionContract {
    @Override
    Driver driver() {
        String python = "/usr/bin/python3"; // Debian's: another one on the PATH would not see Debian's packages
        String problem = Availability.problem("confluent-kafka", List.of(python, "-c", "import confluent_kafka"), Map.of());
        return Driver.program("confluent-kafka", Drivers.ALL_CODECS, true, problem, List.of(python, Drivers.source("confluent_driver.py")), Map.of());
    }

    @Override
    String fenced() {
        return "_FENCED";
    }
}
