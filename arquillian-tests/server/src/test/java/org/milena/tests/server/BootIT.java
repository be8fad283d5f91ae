package org.milena.tests.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** WildFly as it comes out of its zip, with the EAR in its deployments before it starts. */
@EnabledIfSystemProperty(named = "milena.test.server", matches = "wildfly", disabledReason = "Payara deploys by its own tool")
class BootIT {

    private static final Path HOME = Path.of(System.getProperty("milena.test.server.home"));
    private static final int OFFSET = Integer.getInteger("milena.test.http.offset") + 100;
    private static final int PORT = Integer.parseInt(System.getProperty("milena.test.bootstrap").split(":")[1]) + 1;
    private static final Pattern STARTED = Pattern.compile("WFLYSRV002[56]");

    @TempDir
    Path base;

    @Test
    void startsWithACleanLogAndKeepsItsData() throws Exception {
        prepare();
        List<String> log = run(admin -> admin.createTopics(List.of(new NewTopic("kept", 3, (short) 1))).all().get(30, TimeUnit.SECONDS));
        assertThat(log).anyMatch(line -> line.contains("Milena is ready"));
        assertThat(log).as("every phase of the start").anyMatch(line -> line.matches(" *Started in: +\\d+ ms \\(server 0-\\d+, configuration .*, listener .*"));
        assertThat(log.stream().filter(BootIT::ours)).as("warnings and stack traces of the first start").isEmpty();
        List<String> second = run(admin -> assertThat(admin.listTopics().names().get(30, TimeUnit.SECONDS)).isEqualTo(Set.of("kept")));
        assertThat(second.stream().filter(BootIT::ours)).as("warnings and stack traces of the second start").isEmpty();
    }

    /** Without it WildFly reads every class of a library for annotations: half of the start. */
    @Test
    void everyLibraryHasAnAnnotationIndexOrBeans() throws IOException {
        List<String> bare = new ArrayList<>();
        int libraries = 0;
        try (ZipFile ear = new ZipFile(System.getProperty("milena.test.ear"))) {
            for (ZipEntry entry : ear.stream().filter(e -> e.getName().matches("lib/.*\\.jar")).toList()) {
                libraries++;
                Set<String> files = new HashSet<>();
                try (ZipInputStream jar = new ZipInputStream(ear.getInputStream(entry))) {
                    for (ZipEntry file = jar.getNextEntry(); file != null; file = jar.getNextEntry()) {
                        files.add(file.getName());
                    }
                }
                if (!files.contains("META-INF/jandex.idx") && !files.contains("META-INF/beans.xml")) {
                    bare.add(entry.getName());
                }
            }
        }
        assertThat(libraries).isGreaterThan(10);
        assertThat(bare).isEmpty();
    }

    @Test
    void aWrongSettingStopsTheDeploymentAndTheLogSaysWhich() throws Exception {
        prepare();
        Files.writeString(base.resolve("data/milena/milena.properties"), "num.io.threads=many\n");
        Process server = start();
        try {
            assertThat(awaitStart(server)).anyMatch(line -> line.contains("Milena does not start: ") && line.contains("num.io.threads") && line.contains("many"));
        } finally {
            stop(server);
        }
    }

    /** The logs open beside the database; when that fails they are given back, though the server keeps the failed deployment. */
    @Test
    void aDatabaseThatCantBeReachedLeavesNoLogOpen() throws Exception {
        prepare();
        Files.writeString(base.resolve("data/milena/milena.properties"), "milena.datasource.url=jdbc:postgresql://127.0.0.1:1/none\n");
        Process server = start();
        try {
            assertThat(awaitStart(server)).anyMatch(line -> line.contains("Milena does not start: ") && line.contains("jdbc:postgresql://127.0.0.1:1/none"));
            try (FileChannel file = FileChannel.open(base.resolve("data/milena/logs/.lock"), StandardOpenOption.WRITE)) {
                assertThat(file.tryLock()).as("the lock of the log directory").isNotNull();
            }
        } finally {
            stop(server);
        }
    }

    @Test
    void theSameEarStartsOnJdk25InTheFullConfiguration() throws Exception {
        Optional<Path> jdk = jdk25();
        Assumptions.assumeTrue(jdk.isPresent(), "SKIPPED: no JDK 25 found; set JDK25_HOME");
        prepare();
        Process server = start("standalone-full.xml", jdk.get());
        try {
            assertThat(awaitStart(server)).anyMatch(line -> line.contains("Milena is ready"));
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:" + PORT))) {
                assertThat(admin.describeCluster().nodes().get(30, TimeUnit.SECONDS)).hasSize(1);
            }
        } finally {
            stop(server);
        }
    }

    /** Named by {@code JDK25_HOME}, or where packages put it. */
    private static Optional<Path> jdk25() throws IOException {
        String named = System.getenv("JDK25_HOME");
        if (named != null) {
            return Optional.of(Path.of(named));
        }
        Path packaged = Path.of("/usr/lib/jvm");
        if (!Files.isDirectory(packaged)) {
            return Optional.empty();
        }
        try (Stream<Path> jdks = Files.list(packaged)) {
            return jdks.filter(jdk -> jdk.getFileName().toString().matches("(.*\\D)?25(\\D.*)?") && Files.isExecutable(jdk.resolve("bin/java"))).findFirst();
        }
    }

    /** A line that tells of trouble; WildFly's own two about its key store and its node identifier are not ours. */
    private static boolean ours(String line) {
        return line.matches(".* (WARN|ERROR|FATAL) .*|\\s+at .*|.*Exception.*")
            && !line.matches(".*(WFLYTX0013|WFLYELY00023|WFLYELY01084).*");
    }

    private interface Work {
        void with(Admin admin) throws Exception;
    }

    private List<String> run(Work work) throws Exception {
        Process server = start();
        try {
            List<String> log = awaitStart(server);
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:" + PORT))) {
                work.with(admin);
            }
            return log;
        } finally {
            stop(server);
        }
    }

    private void prepare() throws IOException {
        try (Stream<Path> files = Files.walk(HOME.resolve("standalone/configuration"))) {
            for (Path file : files.toList()) {
                Files.createDirectories(base.resolve("configuration"));
                if (Files.isRegularFile(file)) {
                    Files.copy(file, base.resolve("configuration").resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
        Files.createDirectories(base.resolve("deployments"));
        Files.createDirectories(base.resolve("data/milena"));
        Files.copy(Path.of(System.getProperty("milena.test.ear")), base.resolve("deployments/milena.ear"));
        Files.writeString(base.resolve("data/milena/milena.properties"), "listeners=PLAINTEXT://127.0.0.1:" + PORT + "\n");
    }

    private Process start() throws IOException {
        return start("standalone.xml", Path.of(System.getProperty("java.home")));
    }

    private Process start(String configuration, Path jdk) throws IOException {
        Files.deleteIfExists(base.resolve("console.log"));
        ProcessBuilder builder = new ProcessBuilder(HOME.resolve("bin/standalone.sh").toString(), "-c", configuration,
            "-Djboss.server.base.dir=" + base, "-Djboss.socket.binding.port-offset=" + OFFSET);
        builder.environment().put("LAUNCH_JBOSS_IN_BACKGROUND", "true");
        builder.environment().put("JAVA_HOME", jdk.toString());
        return builder.redirectErrorStream(true).redirectOutput(base.resolve("console.log").toFile()).start();
    }

    private List<String> awaitStart(Process server) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
        while (true) {
            List<String> log = new ArrayList<>();
            for (String line : Files.readString(base.resolve("console.log"), StandardCharsets.UTF_8).split("\n")) {
                log.add(line.replaceAll("\u001b\\[[0-9;]*m", ""));
            }
            if (log.stream().anyMatch(line -> STARTED.matcher(line).find())) {
                return log;
            }
            if (!server.isAlive() || System.nanoTime() > deadline) {
                throw new AssertionError("WildFly did not start:\n" + String.join("\n", log));
            }
            server.waitFor(200, TimeUnit.MILLISECONDS);
        }
    }

    private static void stop(Process server) throws InterruptedException {
        server.destroy();
        if (!server.waitFor(60, TimeUnit.SECONDS)) {
            server.descendants().forEach(ProcessHandle::destroyForcibly);
            server.destroyForcibly();
            throw new AssertionError("WildFly did not stop within 60 s");
        }
    }
}
