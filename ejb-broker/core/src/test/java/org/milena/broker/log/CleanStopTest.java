package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a stop in order costs the disk: fsyncs in flight together, and none for what lies there already. */
@Timeout(120)
class CleanStopTest {

    private static final Path DIR = Path.of("/logs");
    private static final int THREADS = 4;

    private final SimulatedDisk disk = new SimulatedDisk();
    private final LogFixture fixture = new LogFixture(disk, DIR);
    private final List<ExecutorService> threads = IntStream.range(0, THREADS).mapToObj(i -> Executors.newSingleThreadExecutor()).toList();

    @AfterEach
    void stop() {
        threads.forEach(ExecutorService::shutdown);
    }

    private final DirectoryExecutor executor = new DirectoryExecutor() {
        @Override
        public boolean inContext() {
            return false;
        }

        @Override
        public Executor forPartition(TopicPartition partition) {
            return threads.get(partition.partition() % THREADS);
        }
    };

    private static TopicPartition partition(int index) {
        return new TopicPartition("orders", index);
    }

    private void write(FileLogManager manager, int index, String value) {
        manager.getOrCreate(partition(index), LogFixture.TOPIC_ID, fixture.config, true).append(fixture.batch(value), AppendOrigin.CLIENT, 0);
    }

    /** Counts what reaches the disk inside of each partition's directory. */
    private Map<String, Integer> count() {
        Map<String, Integer> operations = new ConcurrentHashMap<>();
        disk.fault((operation, file) -> {
            if (operation != SimulatedDisk.Operation.READ && file.startsWith(DIR) && file.getNameCount() > 2) {
                operations.merge(file.getName(1).toString(), 1, Integer::sum);
            }
        });
        return operations;
    }

    @Test
    void asManyLogsAreFlushedAtATimeAsTheDirectoryHasThreads() throws Exception {
        FileLogManager manager = FileLogManager.open(new LogManagerOptions(fixture.dirs, 1, disk, fixture.clock(), path -> executor,
                Runnable::run, 20, 86_400_000, fixture.config));
        for (int i = 0; i < 3 * THREADS; i++) {
            write(manager, i, "v" + i);
        }
        CountDownLatch together = new CountDownLatch(THREADS);
        AtomicInteger inFlight = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        disk.fault((operation, file) -> {
            if (operation == SimulatedDisk.Operation.FORCE && file.toString().endsWith(LogSegment.LOG)) {
                most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
                together.countDown();
                await(together);
                inFlight.decrementAndGet();
            }
        });
        manager.close();
        assertThat(most).as("fsyncs in flight together").hasValue(THREADS);
        assertThat(disk.exists(DIR.resolve(LogNames.CLEAN_SHUTDOWN))).isTrue();
        disk.powerCut(new Random(1));
        fixture.open();
        for (int i = 0; i < 3 * THREADS; i++) {
            assertThat(LogFixture.contents(fixture.log(partition(i)))).containsExactly("0=v" + i);
        }
        fixture.close();
    }

    private static void await(CountDownLatch together) throws IOException {
        try {
            if (!together.await(20, TimeUnit.SECONDS)) {
                throw new IOException("An fsync waited alone");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void whatLiesOnTheDiskAlreadyIsNotWrittenAgain() {
        fixture.open();
        for (int i = 0; i < 3; i++) {
            write(fixture.manager, i, "old" + i);
        }
        fixture.close();
        fixture.open();
        write(fixture.manager, 1, "new");
        Map<String, Integer> operations = count();
        fixture.close();
        assertThat(operations).containsOnlyKeys("orders-1");
        disk.powerCut(new Random(1));
        fixture.open();
        assertThat(LogFixture.contents(fixture.log(partition(0)))).containsExactly("0=old0");
        assertThat(LogFixture.contents(fixture.log(partition(1)))).containsExactly("0=old1", "1=new");
        fixture.close();
    }

    @Test
    void afterAKillAllThatWasReadToRecoverIsBroughtToDisk() {
        fixture.open();
        write(fixture.manager, 0, "a");
        fixture.close();
        fixture.open();
        disk.kill();
        fixture.open();
        Map<String, Integer> operations = count();
        fixture.close();
        assertThat(operations).containsOnlyKeys("orders-0");
        operations.clear();
        fixture.open();
        fixture.close();
        assertThat(operations).isEmpty();
    }
}
