package org.milena.tools.transactions;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;

/** What a run of the tool has printed, with line ends of one kind. */
record Ran(int code, String out, String err) {

    /** @param typed what the operator types when asked */
    static Ran with(String typed, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = new TransactionsCommand(new BufferedReader(new StringReader(typed)), new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8)).run(args);
        return new Ran(code, text(out), text(err));
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }

    /** Its output, when it has succeeded without complaint. */
    String ok() {
        assertThat(err).isEmpty();
        assertThat(code).as(out).isZero();
        return out;
    }

    /** Its complaint, when it has failed. */
    String failed() {
        assertThat(code).as(out + err).isEqualTo(1);
        return err;
    }
}
