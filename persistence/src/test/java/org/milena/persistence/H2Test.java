package org.milena.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class H2Test extends DatabaseContract {

    @TempDir
    Path dir;

    @Override
    DatabaseSettings settings() {
        return DatabaseSettings.h2File(dir.resolve("milena"));
    }

    /** Of 300 transactions, the last of which handed out producer ids, a process that was halted at once has lost none. */
    @Test
    void whatWasCommittedSurvivesAHaltedProcess() throws Exception {
        Process process = crash(300);
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as(said).isEqualTo(9);
        long handedOut = Long.parseLong(said.strip().lines().reduce((a, b) -> b).orElseThrow());
        try (Database database = Database.open(settings())) {
            assertThat(database.<Integer>call(e -> new TopicRepository(e).topics().size())).isEqualTo(300);
            assertThat(database.<Long>callDurably(e -> new ClusterRepository(e).takeProducerIds(0, 1))).isEqualTo(handedOut + 1000);
        }
    }

    private Process crash(int topics) throws Exception {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", path, Crash.class.getName(),
            dir.resolve("milena").toString(), String.valueOf(topics)).start();
    }

    @Test
    void aDurableCallSyncsTheFile() {
        CountingFile.register();
        try (Database database = Database.open(DatabaseSettings.url("jdbc:h2:counting:" + dir.resolve("counted"), "milena", ""))) {
            int before = CountingFile.SYNCS.get();
            database.callDurably(e -> new ClusterRepository(e).newIncarnation(1));
            assertThat(CountingFile.SYNCS.get()).isGreaterThan(before);
        }
    }

    @Test
    void aSecondBrokerOnTheSameFileIsToldSo() throws Exception {
        try (Database database = Database.open(settings())) {
            database.ping();
            Process other = crash(1);
            assertThat(other.waitFor(120, TimeUnit.SECONDS)).isTrue();
            assertThat(new String(other.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("The metadata database (jdbc:h2:file:" + dir.resolve("milena") + ") can't be opened: ")
                .contains("The file is locked");
            assertThat(other.exitValue()).isEqualTo(1);
        }
    }

    @Test
    void closingReleasesTheFileAndEveryThread() throws Exception {
        try (Database database = Database.open(settings())) {
            database.ping();
        }
        // Another process may take it: the lock is the operating system's.
        Process process = crash(1);
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(9);
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
            .noneMatch(name -> name.startsWith("H2") || name.startsWith("MVStore") || name.contains("h2"));
    }

    @Test
    void aDatabaseOfAnEarlierVersionIsBroughtUpToDateAndKeepsItsTopics() throws Exception {
        UUID id = UUID.randomUUID();
        try (Database database = Database.open(settings())) {
            database.call(e -> {
                new TopicRepository(e).add(new Topic(id, "t", false, false));
                return null;
            });
            database.call(e -> {
                e.createNativeQuery("drop table milena_deleted_topic").executeUpdate();
                return e.createNativeQuery("delete from \"milena_schema_history\" where \"version\" = '2'").executeUpdate();
            });
        }
        try (Database database = Database.open(settings())) {
            database.call(e -> {
                TopicRepository topics = new TopicRepository(e);
                topics.delete(topics.topic(id).orElseThrow());
                return null;
            });
            assertThat(database.<List<DeletedTopic>>call(e -> new TopicRepository(e).deleted())).singleElement()
                .satisfies(deleted -> assertThat(deleted.getName()).isEqualTo("t"));
        }
    }

    @Test
    void aDirectoryThatCantBeIsNamed() {
        assertThatThrownBy(() -> Database.open(DatabaseSettings.h2File(Path.of("/proc/nowhere/m")))).isInstanceOf(DatabaseException.class)
            .hasMessageStartingWith("The metadata database (jdbc:h2:file:/proc/nowhere/m) can't be opened: ");
    }
}
