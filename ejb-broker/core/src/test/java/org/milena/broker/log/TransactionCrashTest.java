package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Comparator;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.message.DescribeProducersResponseData.ProducerState;
import org.apache.kafka.common.message.FetchResponseData.AbortedTransaction;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.junit.jupiter.api.Test;

/** Invariant 3, and 5 within one log: whatever crashes, transactions in the log are what a model makes of the batches that survived. */
class TransactionCrashTest {

    private static final Path DIR = Path.of("/logs");
    private static final int PRODUCERS = 4;

    /** One batch or marker, as it was appended. */
    private record Event(long offset, int count, long producer, short epoch, boolean transactional, Boolean commit, List<String> values) {
        long end() {
            return offset + count;
        }
    }

    private static final class Model {
        short epoch = -1;
        int sequence;
        boolean open;
        boolean rises;
    }

    private final List<Event> events = new ArrayList<>();
    private Map<Long, Model> producers = new HashMap<>();

    @Test
    void aKilledProcess() throws Exception {
        run(false);
    }

    @Test
    void aPowerCut() throws Exception {
        run(true);
    }

    private void run(boolean power) throws Exception {
        Seeds.each(60, 5000, random -> {
            SimulatedDisk disk = new SimulatedDisk();
            events.clear();
            for (int life = 0; life < 5; life++) {
                LogFixture fixture = open(disk, random, power);
                survived(fixture.log(), power);
                assertLikeModel(fixture.log(), random);
                long flushed = 0;
                for (int i = 0; i < random.nextInt(60); i++) {
                    step(fixture, random);
                    flushed = fixture.log().recoveryPoint();
                }
                assertLikeModel(fixture.log(), random);
                if (power) {
                    disk.powerCut(random);
                    LogFixture after = open(disk, random, true);
                    assertThat(after.log().logEndOffset()).isGreaterThanOrEqualTo(flushed);
                    survived(after.log(), true);
                    assertLikeModel(after.log(), random);
                    disk.kill();
                } else if (random.nextInt(4) == 0) {
                    fixture.close();
                } else {
                    disk.kill();
                }
            }
        });
    }

    private static LogFixture open(SimulatedDisk disk, Random random, boolean power) {
        LogFixture fixture = new LogFixture(disk, DIR);
        fixture.config = LogFixture.config(400 + random.nextInt(3000), power ? 1 : Long.MAX_VALUE, -1, -1);
        fixture.open();
        fixture.manager.failure(LogFixture.TP).ifPresent(e -> {
            throw e;
        });
        fixture.log();
        fixture.manager.saveTopicConfigs(LogFixture.TOPIC_ID, Map.of("cleanup.policy", "delete"));
        return fixture;
    }

    /** Cuts the model where the crash cut the log, and replays it. */
    private void survived(PartitionLog log, boolean power) {
        long end = log.logEndOffset();
        if (!power) {
            assertThat(end).isEqualTo(events.isEmpty() ? 0 : events.get(events.size() - 1).end());
        }
        events.removeIf(e -> e.end() > end);
        producers = new HashMap<>();
        for (Event e : events) {
            Model p = producers.computeIfAbsent(e.producer, id -> new Model());
            if (p.epoch != e.epoch) {
                p.sequence = 0;
            }
            p.epoch = e.epoch;
            p.open = e.transactional && (e.commit == null);
            p.sequence += e.commit == null ? e.count : 0;
        }
    }

    private void step(LogFixture fixture, Random random) {
        int dice = random.nextInt(20);
        if (dice == 0) {
            fixture.manager.checkpoint();
            return;
        }
        if (dice < 4) {
            fixture.log().flush();
            return;
        }
        long id = random.nextInt(PRODUCERS);
        Model p = producers.computeIfAbsent(id, x -> new Model());
        boolean rises = id % 2 == 0;
        if (p.epoch < 0) {
            p.epoch = 0;
        }
        if (dice < 9) {
            marker(fixture, random, id, p, rises);
        } else {
            batch(fixture, random, id, p, rises);
        }
    }

    /** Also where no transaction is open: a coordinator that was told to end one asks every partition it knows of. */
    private void marker(LogFixture fixture, Random random, long id, Model p, boolean rises) {
        boolean commit = random.nextBoolean();
        short epoch = (short) (rises ? p.epoch + 1 : p.epoch);
        long offset = fixture.log().endTransaction(new TransactionEnd(id, epoch, 1, commit, (short) (rises ? 2 : 0)), 0).firstOffset();
        events.add(new Event(offset, 1, id, epoch, true, commit, List.of()));
        p.sequence = p.epoch == epoch ? p.sequence : 0;
        p.epoch = epoch;
        p.open = false;
    }

    private void batch(LogFixture fixture, Random random, long id, Model p, boolean rises) {
        String[] values = new String[1 + random.nextInt(3)];
        for (int i = 0; i < values.length; i++) {
            values[i] = "p" + id + "x".repeat(random.nextInt(60));
        }
        boolean transactional = p.open || random.nextInt(3) > 0;
        long offset;
        if (transactional) {
            TransactionGuard guard = fixture.log().expectTransaction(id, p.epoch, p.sequence, rises);
            offset = fixture.log().append(fixture.transactional(id, p.epoch, p.sequence, values), AppendOrigin.CLIENT, 0, guard).firstOffset();
        } else {
            offset = fixture.log().append(fixture.idempotent(id, p.epoch, p.sequence, values), AppendOrigin.CLIENT, 0).firstOffset();
        }
        events.add(new Event(offset, values.length, id, p.epoch, transactional, null, List.of(values)));
        p.sequence += values.length;
        p.open |= transactional;
    }

    // ---- what must be true

    private void assertLikeModel(SegmentedLog log, Random random) {
        TreeMap<Long, Long> open = new TreeMap<>();
        Map<Long, Long> openOf = new HashMap<>();
        List<AbortedTransaction> aborted = new ArrayList<>();
        for (Event e : events) {
            if (e.commit != null) {
                Long first = openOf.remove(e.producer);
                open.values().remove(e.producer);
                if (first != null && !e.commit) {
                    aborted.add(new AbortedTransaction().setProducerId(e.producer).setFirstOffset(first));
                }
            } else if (e.transactional && openOf.putIfAbsent(e.producer, e.offset) == null) {
                open.put(e.offset, e.producer);
            }
        }
        long stable = open.isEmpty() ? log.logEndOffset() : open.firstKey();
        assertThat(log.stableOffset()).as("last stable offset").isEqualTo(stable);
        assertThat(log.abortedTransactions(0, log.logEndOffset())).as("aborted").containsExactlyElementsOf(aborted);
        Map<Long, ProducerState> states = new HashMap<>();
        log.activeProducers().forEach(state -> states.put(state.producerId(), state));
        Set<Long> seen = new HashSet<>();
        events.forEach(e -> seen.add(e.producer));
        assertThat(states.keySet()).isEqualTo(seen);
        for (long id : seen) {
            assertThat(states.get(id).producerEpoch()).as("epoch of %s", id).isEqualTo(producers.get(id).epoch);
            assertThat(states.get(id).lastSequence()).as("sequence of %s", id).isEqualTo(producers.get(id).sequence - 1);
            assertThat(states.get(id).currentTxnStartOffset()).as("start of %s", id).isEqualTo(openOf.getOrDefault(id, -1L));
        }
        assertThat(readCommitted(log, stable, random)).as("what read_committed sees").isEqualTo(committed(stable));
    }

    private List<String> committed(long stable) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < events.size(); i++) {
            Event e = events.get(i);
            if (e.commit == null && e.end() <= stable && (!e.transactional || isCommitted(i))) {
                e.values.forEach(value -> values.add(value));
            }
        }
        return values;
    }

    private boolean isCommitted(int index) {
        for (Event e : events.subList(index, events.size())) {
            if (e.producer == events.get(index).producer && e.commit != null) {
                return e.commit;
            }
        }
        return false;
    }

    /** As a consumer filters: by the list that comes with each fetch, and the markers in it. */
    private static List<String> readCommitted(SegmentedLog log, long bound, Random random) {
        List<String> values = new ArrayList<>();
        long next = 0;
        while (next < bound) {
            LogRead read = log.read(next, 1 + random.nextInt(2000), bound, true);
            PriorityQueue<AbortedTransaction> list = new PriorityQueue<>(Comparator.comparingLong(AbortedTransaction::firstOffset));
            list.addAll(log.abortedTransactions(next, read, bound));
            Set<Long> aborting = new HashSet<>();
            for (RecordBatch batch : records(read).batches()) {
                while (!list.isEmpty() && list.peek().firstOffset() <= batch.lastOffset()) {
                    aborting.add(list.remove().producerId());
                }
                if (batch.isControlBatch()) {
                    if (ControlRecordType.parse(batch.iterator().next().key()) == ControlRecordType.ABORT) {
                        aborting.remove(batch.producerId());
                    }
                } else if (!batch.isTransactional() || !aborting.contains(batch.producerId())) {
                    for (Record record : batch) {
                        values.add(StandardCharsets.UTF_8.decode(record.value()).toString());
                    }
                }
                next = batch.nextOffset();
            }
            assertThat(list).as("aborted transactions that begin behind the range").isEmpty();
        }
        return values;
    }

    private static MemoryRecords records(LogRead read) {
        try {
            ByteBuffer bytes = ByteBuffer.allocate(read.sizeInBytes());
            read.read(bytes, 0);
            return MemoryRecords.readableRecords(bytes.flip());
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        } finally {
            read.release();
        }
    }
}
