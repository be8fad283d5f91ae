package org.milena.tests.broker;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A program started by a test: everything it prints is kept and shown when something goes wrong, nothing waits without
 * a deadline, and closing it ends it with all its children. Used by one test thread; two reader threads fill the output.
 */
public final class ExternalProcess implements AutoCloseable {
    private final String name;
    private final Process process;
    private final List<String> out = new ArrayList<>();
    private final List<String> err = new ArrayList<>();
    private final List<Thread> readers;

    private ExternalProcess(String name, Process process) {
        this.name = name;
        this.process = process;
        readers = List.of(reader(process.getInputStream(), out), reader(process.getErrorStream(), err));
    }

    public static ExternalProcess start(List<String> command, Map<String, String> environment) {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        try {
            return new ExternalProcess(String.join(" ", command), builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + command, e);
        }
    }

    private Thread reader(InputStream stream, List<String> lines) {
        Thread thread = new Thread(() -> {
            try (BufferedReader in = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) add(lines, line);
            } catch (IOException closed) {
                add(lines, "(" + closed + ")");
            }
        }, "output of " + process.pid());
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void add(List<String> lines, String line) {
        synchronized (out) {
            lines.add(line);
            out.notifyAll();
        }
    }

    /** Writes the lines to the program's standard input, which stays open. */
    public void write(List<String> lines) {
        try {
            OutputStream in = process.getOutputStream();
            for (String line : lines) in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            in.flush();
        } catch (IOException e) {
            throw new AssertionError(describe("does not read its input"), e);
        }
    }

    public void closeInput() {
        try {
            process.getOutputStream().close();
        } catch (IOException alreadyGone) {
            // its exit code tells the rest
        }
    }

    /** Waits until what has been printed satisfies the condition; fails with all of the output at the deadline or the program's end. */
    public void await(String what, Duration patience, Predicate<List<String>> condition) {
        long end = System.nanoTime() + patience.toNanos();
        synchronized (out) {
            while (!condition.test(out)) {
                long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                boolean over = !process.isAlive() && readers.stream().noneMatch(Thread::isAlive);
                if (left <= 0 || over) throw new AssertionError(describe("did not come to: " + what));
                try {
                    out.wait(Math.min(left, 100));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        }
    }

    /** Waits for the program's end and for all of its output. */
    public int awaitExit(Duration patience) {
        try {
            if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(describe("still runs after " + patience));
            }
            for (Thread reader : readers) reader.join(patience.toMillis());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        return process.exitValue();
    }

    /** Waits for a successful end. */
    public List<String> awaitSuccess(Duration patience) {
        int code = awaitExit(patience);
        if (code != 0) throw new AssertionError(describe("ended with code " + code));
        return out();
    }

    public List<String> out() {
        synchronized (out) {
            return List.copyOf(out);
        }
    }

    public List<String> err() {
        synchronized (out) {
            return List.copyOf(err);
        }
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Asks the program to end, as an operator's Ctrl-C or a service manager does. */
    public void terminate() {
        process.toHandle().destroy(); // Process.destroy would also close the streams that hold its last words
    }

    public String describe(String problem) {
        return name + "\n" + problem + "\n--- output\n" + tail(out()) + "\n--- errors\n" + tail(err());
    }

    private static String tail(List<String> lines) {
        List<String> last = lines.subList(Math.max(0, lines.size() - 60), lines.size());
        return String.join("\n", last.stream().map(line -> line.length() > 400 ? line.substring(0, 400) + "…" : line).toList());
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
