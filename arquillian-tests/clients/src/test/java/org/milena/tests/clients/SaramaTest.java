package org.milena.tests.clients;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** sarama 1.22. It knows zstd, but sends it by Produce 3, which Kafka refuses before 7. It has no transactional producer (since 1.36). */
class SaramaTest extends ClientContract {
    @Override
    Driver driver() {
        String program = Drivers.target("sarama-driver").toString();
        Map<String, String> go = Map.of("GO111MODULE", "off", "GOPATH", "/usr/share/gocode", "GOFLAGS", "");
        String problem = Files.isDirectory(Path.of("/usr/share/gocode/src/github.com/Shopify/sarama"))
            ? Availability.problem("sarama", List.of("go", "build", "-o", program, Drivers.source("sarama/main.go")), go)
            : Availability.missing("sarama", "no sources in /usr/share/gocode");
        return Driver.program("sarama", List.of("none", "gzip", "snappy", "lz4"), true, problem, List.of(program), Map.of());
    }
}
