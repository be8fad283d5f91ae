package org.milena.tests.tools;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.ExternalProcess;
import org.milena.tests.broker.Jvm;

/** A JVM that runs Kafka's tools; not thread-safe. */
final class Tools implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String PACKAGE = "org.apache.kafka.tools.";
    private final ExternalProcess process = Jvm.start(Jvm.testClasses() + File.pathSeparator + Jvm.libs("tools"),
        List.of("-Dlog4j2.configurationFile=" + Jvm.testClasses() + "/log4j2-quiet.properties"), ToolRunner.class.getName(), List.of());
    private int answered;

    /** What a tool said. */
    record Result(String command, int code, String out, String err) {
        /** Fails, with everything the tool said, unless it ended well. */
        Result ok() {
            Assertions.assertThat(code).as(this::toString).isZero();
            return this;
        }

        List<String> lines() {
            return out.lines().toList();
        }

        /** The cells of a printed table: words of each line that is not empty. */
        List<List<String>> table() {
            return out.lines().map(String::strip).filter(line -> !line.isEmpty()).map(line -> List.of(line.split("\\s+"))).toList();
        }

        @Override
        public String toString() {
            return command + " ended with " + code + "\n--- output\n" + out + "\n--- errors\n" + err;
        }
    }

    /** Runs a class of org.apache.kafka.tools, or any other by its full name, with --bootstrap-server in front. */
    Result run(String tool, String... arguments) {
        return run(tool, "", Stream.concat(Stream.of("--bootstrap-server", BrokerUnderTest.bootstrap()), Stream.of(arguments)).toList());
    }

    Result run(String tool, String input, List<String> arguments) {
        String name = tool.contains(".") && !tool.startsWith("consumer.") && !tool.startsWith("reassign.") ? tool : PACKAGE + tool;
        List<String> fields = new ArrayList<>(List.of(name, base64(input)));
        for (String argument : arguments) fields.add(base64(argument));
        process.write(List.of(String.join("\t", fields)));
        int number = answered++;
        process.await("an answer of " + name + " " + arguments, PATIENCE, out -> out.size() > number);
        String[] answer = process.out().get(number).split("\t", -1);
        return new Result(tool + " " + String.join(" ", arguments), Integer.parseInt(answer[0]), text(answer[1]), text(answer[2]));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        process.close();
    }
}
