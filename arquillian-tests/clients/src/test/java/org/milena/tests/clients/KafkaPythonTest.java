package org.milena.tests.clients;

import java.util.List;
import java.util.Map;

/** kafka-python as Debian packages it. */
class KafkaPythonTest extends ClientContract {
    @Override
    Driver driver() {
        String python = "/usr/bin/python3"; // Debian's: another one on the PATH would not see Debian's packages
        String problem = Availability.problem("kafka-python", List.of(python, "-c", "import kafka, lz4, snappy, zstandard, crc32c"), Map.of());
        return Driver.program("kafka-python", Drivers.ALL_CODECS, false, problem, List.of(python, Drivers.source("kafka_python_driver.py")), Map.of());
    }
}
