package org.milena.broker.faults;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.milena.broker.testing.EmbeddedBroker;

/** The whole broker in a JVM of its own, so that it can be killed, or be given little memory. */
public final class ForkedBroker implements AutoCloseable {

    private final Path dir;
    private final ServerSocket claim;
    private final int port;
    private final List<String> command = new ArrayList<>();
    private final Path output;
    private Process process;

    /** @param settings Kafka's keys */
    public ForkedBroker(Path dir, List<String> jvmOptions, Map<String, String> settings) throws IOException {
        this.dir = dir;
        this.claim = reserve();
        this.port = claim.getLocalPort() - 100;
        this.output = dir.resolve("output.txt");
        Files.createDirectories(dir);
        Map<String, String> all = new HashMap<>(settings);
        all.put("listeners", "PLAINTEXT://127.0.0.1:" + port);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                ForkedBroker.class.getName(), dir.toString()));
        all.forEach((key, value) -> command.add(key + "=" + value));
    }

    /** The forked JVM begins here, and ends with its standard input: no test leaves one behind. */
    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[0]);
        Map<String, String> settings = new HashMap<>();
        for (int i = 1; i < args.length; i++) {
            int at = args[i].indexOf('=');
            settings.put(args[i].substring(0, at), args[i].substring(at + 1));
        }
        EmbeddedBroker broker = EmbeddedBroker.start(dir.resolve("data"), new FileMetadataStore(dir.resolve("metadata")), settings);
        while (System.in.read() >= 0) {
            // until the test closes it
        }
        broker.close();
        System.exit(0);
    }

    /** Runs with a limit of so many file descriptors. */
    ForkedBroker withDescriptors(int limit) {
        command.addAll(0, List.of("/bin/sh", "-c", "ulimit -n " + limit + " && exec \"$@\"", "sh"));
        return this;
    }

    /** Open file descriptors of the process now. */
    int descriptors() {
        String[] open = new File("/proc/" + pid() + "/fd").list();
        return open == null ? -1 : open.length;
    }

    /**
     * A port that is this broker's until {@link #close}, between its kills too: whoever holds the port 100 above has it, so that suites
     * running side by side on one machine do not answer each other's clients. Below 32768: from there on the kernel hands them out.
     */
    private static ServerSocket reserve() throws IOException {
        for (int port = 22500; port < 22600; port++) {
            ServerSocket claim = new ServerSocket();
            try (ServerSocket tried = new ServerSocket()) {
                claim.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port + 100));
                tried.setReuseAddress(true);
                tried.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return claim;
            } catch (IOException taken) {
                claim.close();
            }
        }
        throw new IOException("no free port from 22500 to 22599");
    }

    public int port() {
        return port;
    }

    long pid() {
        return process.pid();
    }

    boolean alive() {
        return process.isAlive();
    }

    /** Starts it and returns at once; real clients wait by themselves. */
    public ForkedBroker start() throws IOException {
        process = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile())).start();
        return this;
    }

    /** Waits until it serves; fails at once, with its output, if it ended instead. */
    public void awaitServing() throws Exception {
        Scene.await("the forked broker serves", () -> {
            if (!alive()) {
                throw new AssertionError("The broker ended:\n" + String.join("\n", output()));
            }
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
                return true;
            } catch (IOException notYet) {
                return false;
            }
        });
    }

    /** As {@code kill -9}. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** What it said since its first start. */
    public List<String> output() throws IOException {
        try (Stream<String> lines = Files.lines(output)) {
            return lines.toList();
        }
    }

    /** An orderly stop. */
    void stop() throws IOException, InterruptedException {
        process.getOutputStream().close();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("The broker in " + new File(dir.toString()) + " does not stop");
        }
    }

    @Override
    public void close() throws InterruptedException, IOException {
        if (process != null) {
            kill();
        }
        claim.close();
    }
}
