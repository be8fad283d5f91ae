package org.milena.tests.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.ExternalProcess;

/**
 * A client library behind the lines of drivers/README.md.
 *
 * @param codecs every compression codec the library knows, as Kafka names them
 * @param idempotent whether it has an idempotent producer
 * @param available says why the client can't be run here; null when it can
 */
record Driver(String name, List<String> codecs, boolean idempotent, String available, BiFunction<String, List<String>, ExternalProcess> start) {

    static Driver program(String name, List<String> codecs, boolean idempotent, String available, List<String> command, Map<String, String> environment) {
        return new Driver(name, codecs, idempotent, available, (verb, arguments) -> {
            List<String> all = new ArrayList<>(command);
            all.add(verb);
            all.addAll(arguments);
            return ExternalProcess.start(all, environment);
        });
    }

    ExternalProcess run(String verb, String... arguments) {
        List<String> all = new ArrayList<>(List.of(BrokerUnderTest.bootstrap()));
        all.addAll(List.of(arguments));
        return start.apply(verb, all);
    }
}
