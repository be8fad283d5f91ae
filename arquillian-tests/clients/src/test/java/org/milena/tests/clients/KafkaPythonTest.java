package org.milena.tests.clients;

import java.util.List;
import java.util.Map;

/** kafka-python as Debian packages it, 2.0.2: it has neither an idempotent nor a transactional producer (both came with 2.1). */
class KafkaPythonTest extends ClientContract {
    @Override
    Driver driver() {
        String python = "/usr/bin/python3"; // Debian's: another one on the PATH would not see Debian's packages
        String problem = Availability.problem("kafka-python", List.of(python, "-c", "import kafka, lz4, snappy, zstandard, crc32c"), Map.of());
        return Driver.program("kafka-python", Drivers.ALL_CODECS, false, problem, List.of(python, Drivers.source("kafka_python_driver.py")), Map.of());
    }

    @Override
    String cannotReadCommitted() {
        return "kafka-python 2.0.2 always asks for read_uncommitted, and does not know aborted transactions (since 2.1)";
    }
}
