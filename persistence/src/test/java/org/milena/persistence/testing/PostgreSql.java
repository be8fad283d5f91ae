package org.milena.persistence.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Debian's PostgreSQL with a database of its own for one test class, as its own user where the tests run as root. */
public final class PostgreSql implements AutoCloseable {

    private static final Path INSTALLED = Path.of("/usr/lib/postgresql");

    private final Path bin;
    private final Path dir;
    private final int port;

    private PostgreSql(Path bin) throws IOException, InterruptedException {
        this.bin = bin;
        dir = Files.createTempDirectory("milena-postgresql");
        port = freePort();
        if (root()) {
            run(List.of("chown", "postgres", dir.toString()));
        }
        run(asOwner("initdb", "-D", data(), "-U", "milena", "-A", "trust", "-E", "UTF8", "--locale=C"));
        run(asOwner("pg_ctl", "-D", data(), "-w", "-l", dir.resolve("log").toString(),
            "-o", "-p " + port + " -c max_prepared_transactions=64 -c listen_addresses=127.0.0.1 -c unix_socket_directories=" + dir, "start"));
    }

    private static Optional<Path> installed() {
        if (!Files.isDirectory(INSTALLED)) {
            return Optional.empty();
        }
        try (Stream<Path> versions = Files.list(INSTALLED)) {
            return versions.map(v -> v.resolve("bin")).filter(b -> Files.isExecutable(b.resolve("initdb"))).max(Comparator.naturalOrder());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Where PostgreSQL is not installed, the test that asks is skipped, aloud. */
    public static PostgreSql startOrSkip() throws IOException, InterruptedException {
        Optional<Path> bin = installed();
        if (bin.isEmpty()) {
            String skipped = "SKIPPED: PostgreSQL is not installed (Debian: apt-get install postgresql)";
            System.out.println(skipped);
            Assumptions.abort(skipped);
        }
        return new PostgreSql(bin.orElseThrow());
    }

    public int port() {
        return port;
    }

    public String url() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
    }

    public String user() {
        return "milena";
    }

    @Override
    public void close() throws IOException, InterruptedException {
        run(asOwner("pg_ctl", "-D", data(), "-w", "-m", "immediate", "stop"));
        try (Stream<Path> files = Files.walk(dir)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private String data() {
        return dir.resolve("data").toString();
    }

    private List<String> asOwner(String program, String... arguments) {
        List<String> command = new ArrayList<>(root() ? List.of("runuser", "-u", "postgres", "--") : List.of());
        command.add(bin.resolve(program).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private static boolean root() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static int freePort() throws IOException {
        // Below 32768: from there on the system takes ports for outgoing connections.
        for (int port = 20600; port < 20700; port++) {
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException taken) {
                continue;
            }
        }
        throw new IOException("no free port from 20600 to 20699");
    }

    private void run(List<String> command) throws IOException, InterruptedException {
        Path output = Files.createTempFile("milena", ".out");
        Process process = new ProcessBuilder(command).directory(Path.of("/").toFile()).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        boolean ended = process.waitFor(60, TimeUnit.SECONDS);
        String said = Files.readString(output);
        Files.delete(output);
        if (!ended || process.exitValue() != 0) {
            throw new IOException(command + ": " + said);
        }
    }
}
