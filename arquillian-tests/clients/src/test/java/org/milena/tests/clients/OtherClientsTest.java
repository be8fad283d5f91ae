package org.milena.tests.clients;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;

/** The libraries that other languages use. */
class OtherClientsTest {
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
    private static final Path DRIVERS = Path.of("src/test/drivers").toAbsolutePath();
    private static final Path TARGET = Path.of(System.getProperty("milena.test.target", "target")).toAbsolutePath();
    /** Debian's Python: the libraries are Debian packages, which another Python on the PATH would not see. */
    private static final String PYTHON = "/usr/bin/python3";

    @Nested
    class KafkaPython extends ClientContract {
        @Override
        Driver driver() {
            String problem = Availability.problem("kafka-python", List.of(PYTHON, "-c", "import kafka, lz4, snappy, zstandard, crc32c"), Map.of());
            return Driver.program("kafka-python", CODECS, false, problem, List.of(PYTHON, DRIVERS + "/kafka_python_driver.py"), Map.of());
        }
    }

    @Nested
    class ConfluentKafka extends ClientContract {
        @Override
        Driver driver() {
            String problem = Availability.problem("confluent-kafka", List.of(PYTHON, "-c", "import confluent_kafka"), Map.of());
            return Driver.program("confluent-kafka", CODECS, true, problem, List.of(PYTHON, DRIVERS + "/confluent_driver.py"), Map.of());
        }
    }

    @Nested
    class KafkaJs extends ClientContract {
        @Override
        Driver driver() {
            Map<String, String> modules = Map.of("NODE_PATH", TARGET.resolve("node/node_modules").toString());
            String problem = Availability.problem("kafkajs",
                List.of("node", "-e", "['kafkajs', 'kafkajs-snappy', 'lz4js', 'zstd-codec'].forEach(require)"), modules);
            return Driver.program("kafkajs", CODECS, true, problem, List.of("node", DRIVERS + "/node/kafkajs_driver.js"), modules);
        }
    }

    @Nested
    class Sarama extends ClientContract {
        @Override
        Driver driver() {
            Path program = TARGET.resolve("sarama-driver");
            Map<String, String> go = Map.of("GO111MODULE", "off", "GOPATH", "/usr/share/gocode", "GOFLAGS", "");
            String problem = Files.isDirectory(Path.of("/usr/share/gocode/src/github.com/Shopify/sarama"))
                ? Availability.problem("sarama", List.of("go", "build", "-o", program.toString(), DRIVERS + "/sarama/main.go"), go)
                : Availability.missing("sarama", "no sources in /usr/share/gocode");
            return Driver.program("sarama", CODECS, true, problem, List.of(program.toString()), Map.of());
        }
    }
}
