package org.milena.tests.clients;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.milena.tests.broker.ExternalProcess;

/** What to do where a client is not installed: skip its tests aloud, or, where clients are required, fail. */
final class Availability {
    private Availability() { }

    /** Null if the command runs well; else why not, with the remedy. */
    static String problem(String client, List<String> command, Map<String, String> environment) {
        try (ExternalProcess process = ExternalProcess.start(command, environment)) {
            int code = process.awaitExit(Duration.ofSeconds(60));
            return code == 0 ? null : missing(client, process.describe("ended with code " + code));
        } catch (java.io.UncheckedIOException e) {
            return missing(client, e.getCause().getMessage());
        }
    }

    static String missing(String client, String why) {
        return client + " is not installed (" + why + "); .ci/install-clients installs it";
    }

    static void require(String problem) {
        if (problem == null) return;
        String required = System.getProperty("milena.clients.required", "");
        if (required.equals("true") || "true".equals(System.getenv("CI"))) Assertions.fail(problem);
        System.out.println("[SKIPPED] " + problem.lines().findFirst().orElse(problem) + " …; -Dmilena.clients.required=true makes this a failure");
        Assumptions.abort(problem);
    }
}
