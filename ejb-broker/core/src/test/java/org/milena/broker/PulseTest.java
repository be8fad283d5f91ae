package org.milena.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Check;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.network.EventLoops;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.time.BrokerClock;

/** Real threads that hang, at a time of the test's choosing. */
@Timeout(120)
class PulseTest {

    private final AtomicLong nowMs = new AtomicLong();
    private final BrokerClock clock = new BrokerClock() {
        @Override public long millis() {
            return nowMs.get();
        }

        @Override public long nanoTime() {
            return TimeUnit.MILLISECONDS.toNanos(nowMs.get());
        }
    };
    private final Pulse pulse = new Pulse(clock);
    private final EventLoops loops = new EventLoops(Thread::new, 2);
    private final WatchedPool pool = new WatchedPool(2, Thread::new, clock);
    private final CountDownLatch hanging = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);

    @AfterEach
    void stop() {
        end.countDown();
        loops.close();
        pool.shutdown();
    }

    private void hang() {
        hanging.countDown();
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitAllAnswer() throws InterruptedException {
        while (!pulse.check().equals(new Check(true, Map.of("longest wait ms", "0")))) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    @Test
    void aLoopThatHangsIsFoundThoughTheOthersGoOn() throws Exception {
        loops.controlLoops().forEach(pulse::watch);
        awaitAllAnswer();
        loops.controlLoops().get("control loop 1").execute(this::hang);
        hanging.await();
        pulse.check();
        nowMs.addAndGet(Pulse.DEADLINE_MS - 1);
        loops.controlLoops().get("control loop 0").execute(() -> { });
        Check before = pulse.check();
        assertThat(before.up()).isTrue();
        nowMs.addAndGet(1);
        while (pulse.check().data().get("reason").contains("loop 0")) { // it has just been asked, at most
            TimeUnit.MILLISECONDS.sleep(1);
        }
        assertThat(pulse.check()).isEqualTo(Check.down("control loop 1 has hung for 30000 ms"));
        end.countDown();
        awaitAllAnswer();
    }

    @Test
    void aTaskThatHangsIsFoundThoughTheOtherThreadsGoOn() throws Exception {
        pulse.watch("a coordinator thread", pool::longestTaskNanos);
        assertThat(pulse.check().up()).isTrue();
        pool.execute(this::hang);
        hanging.await();
        nowMs.addAndGet(Pulse.DEADLINE_MS);
        CountDownLatch ran = new CountDownLatch(1);
        pool.execute(ran::countDown);
        ran.await();
        assertThat(pulse.check()).isEqualTo(Check.down("a coordinator thread has hung for 30000 ms"));
        end.countDown();
        awaitAllAnswer();
    }

    @Test
    void aTaskThatFailsIsOver() throws Exception {
        pulse.watch("a coordinator thread", pool::longestTaskNanos);
        pool.execute(() -> {
            hanging.countDown();
            throw new IllegalStateException("of a test");
        });
        hanging.await();
        nowMs.addAndGet(2 * Pulse.DEADLINE_MS);
        awaitAllAnswer();
    }

    @Test
    void threadsThatHaveBeenStoppedDoNotHang() {
        ExecutorService stopped = Executors.newSingleThreadExecutor();
        stopped.shutdown();
        pulse.watch("stopped", stopped);
        pulse.check();
        nowMs.addAndGet(2 * Pulse.DEADLINE_MS);
        assertThat(pulse.check().up()).isTrue();
    }

    /** The clock is where a coordinator's task can be held up from outside. */
    @Test
    void aBrokerWatchesItsControlLoopsAndCoordinators(@TempDir Path directory) throws Exception {
        AtomicLong aheadNanos = new AtomicLong();
        AtomicBoolean holdCoordinators = new AtomicBoolean();
        BrokerClock held = new BrokerClock() {
            @Override public long millis() {
                if (holdCoordinators.get() && Thread.currentThread().getName().startsWith("milena-coordinator")) {
                    hang();
                }
                return System.currentTimeMillis();
            }

            @Override public long nanoTime() {
                return System.nanoTime() + aheadNanos.get();
            }
        };
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, new InMemoryMetadataStore(), Map.of(), Thread::new, held);
                Admin admin = Admin.create(broker.properties())) {
            BrokerStatus status = new BrokerStatus();
            broker.broker().report().register(status);
            assertThat(status.liveness().get("threads").up()).isTrue();
            admin.createTopics(List.of(new NewTopic("t", 1, (short) 1))).all().get(60, TimeUnit.SECONDS);
            CountDownLatch loopHangs = new CountDownLatch(1);
            holdCoordinators.set(true);
            admin.alterConsumerGroupOffsets("g", Map.of(new TopicPartition("t", 0), new OffsetAndMetadata(1)));
            hanging.await();
            broker.broker().timer().schedule(0, () -> {
                loopHangs.countDown();
                hang();
            });
            loopHangs.await();
            status.liveness();
            aheadNanos.set(TimeUnit.MILLISECONDS.toNanos(Pulse.DEADLINE_MS));
            assertThat(status.liveness().get("threads").data().get("reason")).contains("a coordinator thread has hung for ", "control loop ");
            holdCoordinators.set(false);
            end.countDown();
            while (!status.liveness().get("threads").up()) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
            status.stopped();
            broker.broker().report().unregister(status);
            assertThat(status.liveness()).isEmpty();
        }
    }
}
