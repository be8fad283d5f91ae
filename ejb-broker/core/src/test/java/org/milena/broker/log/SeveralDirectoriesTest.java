package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.junit.jupiter.api.Test;

/** Several {@code log.dirs}: each has its share of the partitions and fails alone. */
class SeveralDirectoriesTest {

    private static final Path A = Path.of("/a");
    private static final Path B = Path.of("/b");
    private final SimulatedDisk disk = new SimulatedDisk();
    private final LogFixture fixture = new LogFixture(disk, A, B);

    private static TopicPartition tp(int partition) {
        return new TopicPartition("orders", partition);
    }

    private void fill(int partitions) {
        for (int i = 0; i < partitions; i++) {
            fixture.manager.getOrCreate(tp(i), LogFixture.TOPIC_ID, fixture.config, true).append(fixture.batch("v" + i), AppendOrigin.CLIENT, 0);
        }
    }

    private List<Integer> in(Path directory, int partitions) {
        return IntStream.range(0, partitions).filter(i -> disk.isDirectory(LogNames.directory(directory, tp(i)))).boxed().toList();
    }

    private void failIn(Path directory) {
        disk.fault((operation, file) -> {
            if (file.startsWith(directory)) {
                throw new IOException("Input/output error");
            }
        });
    }

    @Test
    void partitionsGoWhereTheFewestAre() {
        fixture.open();
        fill(7);
        assertThat(in(A, 7).size()).isBetween(3, 4);
        assertThat(in(B, 7).size()).isEqualTo(7 - in(A, 7).size());
        in(A, 7).forEach(i -> fixture.manager.delete(tp(i)));
        for (int i = 7; i < 10; i++) {
            fixture.manager.getOrCreate(tp(i), LogFixture.TOPIC_ID, fixture.config, true);
        }
        assertThat(in(A, 10)).as("the emptier one").contains(7, 8, 9);
    }

    @Test
    void oneThatFailsAtRunTimeTakesOnlyItsOwnPartitionsAlong() {
        fixture.open();
        fill(6);
        failIn(B);
        for (int i : in(B, 6)) {
            assertThatThrownBy(() -> fixture.log(tp(i)).append(fixture.batch("more"), AppendOrigin.CLIENT, 0))
                    .isInstanceOf(KafkaStorageException.class).hasMessageContaining("/b is offline").hasMessageContaining("Input/output error");
        }
        for (int i : in(A, 6)) {
            assertThat(fixture.log(tp(i)).append(fixture.batch("more"), AppendOrigin.CLIENT, 0).firstOffset()).isEqualTo(1);
        }
        newPartitionsAreCreatedIn(A);
        fixture.manager.enforceRetention();
        fixture.manager.flushDirty();
        fixture.manager.checkpoint();
        fixture.close();
        assertThat(disk.exists(A.resolve(LogNames.CLEAN_SHUTDOWN))).isTrue();
        assertThat(disk.exists(B.resolve(LogNames.CLEAN_SHUTDOWN))).isFalse();
        disk.kill();
        fixture.open();
        in(A, 6).forEach(i -> assertThat(LogFixture.contents(fixture.log(tp(i)))).containsExactly("0=v" + i, "1=more"));
        in(B, 6).forEach(i -> assertThat(LogFixture.contents(fixture.log(tp(i)))).containsExactly("0=v" + i));
    }

    private void newPartitionsAreCreatedIn(Path directory) {
        TopicPartition created = new TopicPartition("new", 0);
        PartitionLog log = fixture.manager.getOrCreate(created, LogFixture.TOPIC_ID, fixture.config, true);
        assertThat(log.directory().path()).isEqualTo(directory);
        assertThat(log.append(fixture.batch("first"), AppendOrigin.CLIENT, 0).firstOffset()).isZero();
        fixture.manager.delete(created);
    }

    @Test
    void oneThatFailsAtStartTakesOnlyItsOwnPartitionsAlong() {
        fixture.open();
        fill(6);
        List<Integer> lost = in(B, 6);
        disk.kill();
        failIn(B);
        fixture.open();
        assertThat(fixture.manager.directories()).extracting(LogDirectory::online).containsExactly(true, false);
        assertThat(fixture.manager.directories().get(1).failure()).hasValueSatisfying(why -> assertThat(why).contains("/b").contains("Input/output error"));
        in(A, 6).forEach(i -> assertThat(LogFixture.contents(fixture.log(tp(i)))).containsExactly("0=v" + i));
        for (int i : lost) {
            assertThatThrownBy(() -> fixture.manager.getOrCreate(tp(i), LogFixture.TOPIC_ID, fixture.config, false))
                    .isInstanceOf(KafkaStorageException.class).hasMessageContaining("may be in /b");
        }
        newPartitionsAreCreatedIn(A);
        disk.kill();
        fixture.open();
        assertThat(IntStream.range(0, 6).mapToObj(i -> LogFixture.contents(fixture.log(tp(i))).get(0))).containsExactly("0=v0", "0=v1", "0=v2", "0=v3", "0=v4", "0=v5");
    }

    @Test
    void allFailingAtStartIsAnErrorThatNamesThem() {
        disk.fault((operation, file) -> {
            throw new IOException("Input/output error");
        });
        assertThatThrownBy(fixture::open).isInstanceOf(KafkaStorageException.class).hasMessageContaining("/a").hasMessageContaining("/b");
    }

    @Test
    void theyRecoverAtTheSameTime() throws Exception {
        fixture.open();
        fill(2);
        disk.kill();
        CountDownLatch both = new CountDownLatch(2);
        disk.fault((operation, file) -> {
            if (operation == SimulatedDisk.Operation.READ && file.toString().endsWith(LogSegment.LOG)) {
                both.countDown();
                try {
                    assertThat(both.await(30, TimeUnit.SECONDS)).as("the other directory recovers meanwhile").isTrue();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
        });
        ExecutorService recovery = Executors.newFixedThreadPool(2);
        try (FileLogManager manager = FileLogManager.open(new LogManagerOptions(fixture.dirs, 1, disk, fixture.clock(), path -> LogFixture.sameThread(),
                recovery, 20, 86_400_000, fixture.config))) {
            assertThat(manager.logs()).hasSize(2);
        } finally {
            recovery.shutdown();
        }
    }
}
