package org.milena.tests.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** The EAR on a server as it comes out of its zip: what an operator meets who deploys it, starts again, or has a setting wrong. */
class BootIT {

    @TempDir
    Path directory;

    @Test
    void deploysHotStartsAtBootWithACleanLogAndKeepsItsData() throws Exception {
        try (FreshServer server = FreshServer.in(directory)) {
            Topics topics = new Topics(server.bootstrap());
            server.systemProperties.put("milena.web.context.root", "/events");
            server.start();
            server.deploy();
            topics.create("kept");
            topics.produce("kept", 10);
            server.awaitLog("the welcome", line -> line.contains("Welcome to Milena."));
            assertThat(server.log()).anyMatch(line -> line.contains("Milena is ready: listening on [PLAINTEXT://" + server.bootstrap() + "]"));
            assertThat(server.log()).as("every phase of the start").anyMatch(line -> line.matches(" *Started in: +\\d+ ms \\(.*configuration .*, listener .*"));
            assertThat(server.troubles()).as("warnings and stack traces of the deployment").isEmpty();
            assertThat(server.get("/events/health")).isEqualTo(200);
            assertThat(server.get("/milena/health")).as("where it would be by default").isEqualTo(404);
            server.stop();
            server.start();
            assertThat(topics.names()).containsExactly("kept");
            assertThat(topics.read("kept")).containsExactlyInAnyOrderElementsOf(Topics.values(10));
            server.await("the web pages, which start after the broker", () -> server.get("/events/health") == 200);
            assertThat(server.troubles()).as("warnings and stack traces of the second start").isEmpty();
        }
    }

    @Test
    void aWrongSettingStopsTheDeploymentAndTheLogSaysWhich() throws Exception {
        try (FreshServer server = FreshServer.in(directory)) {
            server.settings.put("num.io.threads", "many");
            server.start();
            server.deploy();
            assertThat(server.log()).anyMatch(line -> line.contains("Milena does not start: ") && line.contains("num.io.threads") && line.contains("many"));
        }
    }

    /** The logs open beside the database; when that fails they are given back, though the server may keep the failed deployment. */
    @Test
    void aDatabaseThatCantBeReachedLeavesNoLogOpen() throws Exception {
        try (FreshServer server = FreshServer.in(directory)) {
            server.settings.put("milena.datasource.url", "jdbc:postgresql://127.0.0.1:1/none");
            server.start();
            server.deploy();
            assertThat(server.log()).anyMatch(line -> line.contains("Milena does not start: ") && line.contains("jdbc:postgresql://127.0.0.1:1/none"));
            Path lock = server.data().resolve("logs/.lock");
            if (Files.exists(lock)) {
                try (FileChannel file = FileChannel.open(lock, StandardOpenOption.WRITE)) {
                    assertThat(file.tryLock()).as("the lock of the log directory").isNotNull();
                }
            }
        }
    }

    /** Without it WildFly reads every class of a library for annotations: half of the start. */
    @Test
    void everyLibraryHasAnAnnotationIndexOrBeans() throws IOException {
        List<String> bare = new ArrayList<>();
        int libraries = 0;
        try (ZipFile ear = new ZipFile(FreshServer.EAR.toFile())) {
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
    @EnabledIfSystemProperty(named = "milena.test.server", matches = "wildfly", disabledReason = "it is WildFly that has a full configuration")
    void theSameEarServesOnJdk25InTheFullConfiguration() throws Exception {
        Optional<Path> jdk = jdk25();
        Assumptions.assumeTrue(jdk.isPresent(), "SKIPPED: no JDK 25 found; set JDK25_HOME");
        try (FreshWildFly server = new FreshWildFly(directory, "standalone-full.xml")) {
            server.environment.put("JAVA_HOME", jdk.orElseThrow().toString());
            server.deployAtBoot();
            server.start();
            Topics topics = new Topics(server.bootstrap());
            topics.create("full");
            topics.produce("full", 100);
            assertThat(topics.read("full")).containsExactlyInAnyOrderElementsOf(Topics.values(100));
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
}
