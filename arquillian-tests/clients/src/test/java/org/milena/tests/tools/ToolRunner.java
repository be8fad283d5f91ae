package org.milena.tests.tools;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/**
 * Runs Kafka's command-line tools one after the other in one JVM, as their scripts would in one each. Reads lines
 * {@code class<TAB>standard input<TAB>argument…} (all but the class in Base64), answers {@code exit code<TAB>output<TAB>errors}.
 * A tool's exit is caught through Kafka's own hook.
 */
public final class ToolRunner {
    /** The first exit a tool asked for: some catch what we throw instead, and go on to a second. */
    private static Exited exited;

    private ToolRunner() { }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        catchExits();
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] fields = line.split("\t", -1);
            answers.println(run(fields));
            answers.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    /** By reflection, since the class has another place in the release the tests are compiled with. */
    private static void catchExits() throws ReflectiveOperationException {
        Class<?> exit = Class.forName("org.apache.kafka.common.utils.Exit");
        Class<?> procedure = Class.forName("org.apache.kafka.common.utils.Exit$Procedure");
        Object thrower = Proxy.newProxyInstance(ToolRunner.class.getClassLoader(), new Class<?>[] {procedure}, (proxy, method, args) -> {
            Exited now = new Exited((Integer) args[0], (String) args[1]);
            if (exited == null) exited = now;
            throw now;
        });
        exit.getMethod("setExitProcedure", procedure).invoke(null, thrower);
        exit.getMethod("setHaltProcedure", procedure).invoke(null, thrower);
    }

    private static String run(String[] fields) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream oldOut = System.out;
        PrintStream oldErr = System.err;
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        System.setIn(new ByteArrayInputStream(Base64.getDecoder().decode(fields[1])));
        exited = null;
        int code;
        try {
            String[] arguments = List.of(fields).subList(2, fields.length).stream()
                .map(argument -> new String(Base64.getDecoder().decode(argument), StandardCharsets.UTF_8)).toArray(String[]::new);
            Class.forName(fields[0]).getMethod("main", String[].class).invoke(null, (Object) arguments);
            code = 0;
        } catch (InvocationTargetException e) {
            code = code(e.getCause());
        } finally {
            System.setOut(oldOut);
            System.setErr(oldErr);
        }
        Base64.Encoder encoder = Base64.getEncoder();
        return code + "\t" + encoder.encodeToString(out.toByteArray()) + "\t" + encoder.encodeToString(err.toByteArray());
    }

    private static int code(Throwable end) {
        if (exited == null) {
            end.printStackTrace();
            return 1;
        }
        if (exited.getMessage() != null) System.err.println(exited.getMessage());
        return exited.code;
    }

    private static final class Exited extends RuntimeException {
        private final int code;

        Exited(int code, String message) {
            super(message);
            this.code = code;
        }
    }
}
