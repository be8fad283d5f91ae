package org.milena.tests.clients;

import java.util.List;
import java.util.Map;

/** KafkaJS. */
class KafkaJsTest extends TransactionContract {
    @Override
    Driver driver() {
        Map<String, String> modules = Map.of("NODE_PATH", Drivers.target("node/node_modules").toString());
        String problem = Availability.problem("kafkajs",
            List.of("node", "-e", "['kafkajs', 'kafkajs-snappy', 'lz4js', 'zstd-codec'].forEach(require)"), modules);
        return Driver.program("kafkajs", Drivers.ALL_CODECS, true, problem, List.of("node", Drivers.source("node/kafkajs_driver.js")), modules);
    }

    @Override
    String fenced() {
        return "INVALID_PRODUCER_EPOCH";
    }
}
