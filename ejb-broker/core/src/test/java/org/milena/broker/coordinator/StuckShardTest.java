package org.milena.broker.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.Record;
import org.junit.jupiter.api.Test;
import org.milena.broker.time.BrokerClock;

/** Whatever goes wrong once, a coordinator goes on. */
class StuckShardTest {

    private record Note(String text) implements CoordinatorRecord {
        @Override
        public byte[] encodeKey() {
            return text.getBytes();
        }

        @Override
        public byte[] encodeValue() {
            return text.getBytes();
        }

        @Override
        public Object scope() {
            return text;
        }
    }

    private static final class Shard implements CoordinatorShard {
        @Override
        public void replay(CoordinatorRecord record) {
        }

        @Override
        public void load(Record record, long producerId) {
        }

        @Override
        public void endTransaction(long producerId, boolean commit) {
        }

        @Override
        public void loaded() {
        }

        @Override
        public void unloaded(ApiException error) {
        }
    }

    private static final class Log implements CoordinatorLog {
        @Override
        public void append(int partition, int leaderEpoch, ByteBuffer batches, AppendCallback callback) {
            callback.completed(0, null);
        }

        @Override
        public void load(int partition, int leaderEpoch, Consumer<ByteBuffer> batches, Consumer<Throwable> done) {
            done.accept(null);
        }

        @Override
        public boolean confirms(int partition, int leaderEpoch) {
            return true;
        }

        @Override
        public int maxBatchBytes() {
            return 1 << 20;
        }
    }

    @Test
    void anErrorInATaskDoesNotEndTheNext() {
        List<String> done = new ArrayList<>();
        SerialExecutor executor = new SerialExecutor(Runnable::run);
        executor.execute(() -> {
            executor.execute(() -> done.add("next"));
            throw new StackOverflowError();
        });
        executor.execute(() -> done.add("after"));
        assertThat(done).containsExactly("next", "after");
    }

    @Test
    void aBatchThatCannotBeBuiltFailsItsAnswersAndNotThoseThatCome() {
        boolean[] broken = {true};
        List<Runnable> timers = new ArrayList<>();
        CoordinatorRuntime<Shard> runtime = new CoordinatorRuntime<>(new Log(), Runnable::run, (delay, action) -> {
            timers.add(action);
            return () -> timers.remove(action);
        }, BrokerClock.SYSTEM, new CoordinatorRuntime.Settings("__t", () -> 5_000, () -> {
            if (broken[0]) {
                throw new UnsatisfiedLinkError("no zstd in java.library.path");
            }
            return CompressionType.NONE;
        }), (partition, leaderEpoch, timer) -> new Shard());
        runtime.elected(0, 1);
        CompletableFuture<String> first = runtime.write(0, null, s -> Result.of("a", List.of(new Note("a"))));
        assertThat(first).isCompletedExceptionally();
        broken[0] = false;
        List.copyOf(timers).forEach(Runnable::run);
        assertThat(runtime.write(0, null, s -> Result.of("b", List.of(new Note("b"))))).isCompletedWithValue("b");
    }
}
