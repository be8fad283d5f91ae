package org.milena.broker.history;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Finds in a history what exactly-once forbids. The anomalies are those of Jepsen's Kafka workload (aborted read, lost write, duplicate,
 * inconsistent offsets, skip, non-monotonic read and write) and two that only transactions can have: a torn transaction, and a group
 * whose offsets do not agree with what its members committed.
 */
public final class Checker {

    public enum Kind {
        /** A committed record is not in the log. */
        LOST,
        /** A record of an aborted transaction, or of nobody, was read. */
        ABORTED_READ,
        /** Part of a transaction is in the log. */
        TORN,
        /** A record is at more than one place. */
        DUPLICATE,
        /** Two records were seen at one place. */
        INCONSISTENT_OFFSET,
        /** A reader passed over a committed record. */
        SKIPPED,
        /** A reader went back without having been told to. */
        READ_BACKWARDS,
        /** A client's records are not in the order in which it sent them. */
        REORDERED,
        /** A record before the group's offset was consumed by no committed transaction. */
        NEVER_CONSUMED,
        /** Two committed transactions consumed a record. */
        CONSUMED_TWICE,
        /** A committed transaction consumed a record that is not before the group's offset. */
        OFFSET_LOST
    }

    public record Anomaly(Kind kind, String what) { }

    private record Place(int partition, long offset) { }

    private final History history;
    private final Map<Long, Place> inLog = new HashMap<>();
    private final Map<Long, Transaction> senders = new HashMap<>();
    private final Set<Transaction> committed = new HashSet<>();
    private final List<Anomaly> anomalies = new ArrayList<>();

    private Checker(History history) {
        this.history = history;
    }

    public static List<Anomaly> anomalies(History history) {
        Checker checker = new Checker(history);
        checker.log();
        checker.transactions();
        checker.places();
        checker.sessions();
        checker.order();
        checker.group();
        return checker.anomalies;
    }

    private void found(Kind kind, Object... what) {
        anomalies.add(new Anomaly(kind, String.join(" ", Stream.of(what).map(Objects::toString).toList())));
    }

    private void log() {
        history.log().values().forEach(records -> records.forEach(read -> {
            Place before = inLog.put(read.value(), new Place(read.partition(), read.offset()));
            if (before != null) {
                found(Kind.DUPLICATE, read, "is also at", before);
            }
        }));
    }

    /** One whose outcome its client did not learn has its outcome in the log. */
    private void transactions() {
        for (Transaction transaction : history.transactions()) {
            transaction.sends.forEach(send -> senders.put(send.value(), transaction));
            long there = transaction.sends.stream().filter(send -> inLog.containsKey(send.value())).count();
            boolean all = there == transaction.sends.size();
            if (there > 0 && !all) {
                found(Kind.TORN, there, "records are there of", transaction);
            } else if (!all && transaction.outcome() == Transaction.Outcome.COMMITTED) {
                found(Kind.LOST, transaction);
            }
            if (all && transaction.outcome() != Transaction.Outcome.ABORTED) {
                committed.add(transaction);
            }
        }
    }

    /** Wherever a record was seen, by its sender, a reader or in the log, it is there and nothing else is. */
    private void places() {
        Map<Place, Long> values = new HashMap<>();
        Stream<Read> reads = Stream.concat(history.log().values().stream().flatMap(List::stream), history.sessions().stream().flatMap(List::stream));
        reads.forEach(read -> {
            seen(values, read);
            Transaction sender = senders.get(read.value());
            if (sender == null || sender.outcome() == Transaction.Outcome.ABORTED || !inLog.containsKey(read.value())) {
                found(Kind.ABORTED_READ, read, "of", sender);
            }
        });
        history.acknowledged().forEach(read -> seen(values, read));
    }

    private void seen(Map<Place, Long> values, Read read) {
        Place place = new Place(read.partition(), read.offset());
        Long before = values.put(place, read.value());
        if (before != null && before != read.value()) {
            found(Kind.INCONSISTENT_OFFSET, place, "is", before, "and", read.value());
        }
        Place last = inLog.get(read.value());
        if (last != null && !last.equals(place)) {
            found(Kind.DUPLICATE, read, "is also at", last);
        }
    }

    private void sessions() {
        Map<Integer, TreeMap<Long, Long>> logs = new HashMap<>();
        history.log().forEach((partition, records) -> records.forEach(read ->
                logs.computeIfAbsent(partition, p -> new TreeMap<>()).put(read.offset(), read.value())));
        for (List<Read> session : history.sessions()) {
            for (int i = 1; i < session.size(); i++) {
                Read before = session.get(i - 1);
                Read read = session.get(i);
                if (read.offset() <= before.offset()) {
                    found(Kind.READ_BACKWARDS, read, "came after", before);
                } else if (logs.containsKey(read.partition())) {
                    var between = logs.get(read.partition()).subMap(before.offset(), false, read.offset(), false);
                    if (!between.isEmpty()) {
                        found(Kind.SKIPPED, between, "between", before, "and", read);
                    }
                }
            }
        }
    }

    private void order() {
        Map<String, Long> last = new HashMap<>();
        for (Transaction transaction : history.transactions()) {
            for (Transaction.Send send : transaction.sends) {
                Place place = inLog.get(send.value());
                if (place == null) {
                    continue;
                }
                Long before = last.put(transaction.client + "/" + place.partition(), place.offset());
                if (before != null && before >= place.offset()) {
                    found(Kind.REORDERED, send, "of", transaction.client, "is at", place, "and one sent before it at", before);
                }
            }
        }
    }

    private void group() {
        Map<Long, Integer> times = new HashMap<>();
        for (Transaction transaction : committed) {
            for (Read read : transaction.consumed) {
                if (times.merge(read.value(), 1, Integer::sum) > 1) {
                    found(Kind.CONSUMED_TWICE, read, "the second time in", transaction);
                }
                if (read.offset() >= history.groupOffsets().getOrDefault(read.partition(), 0L)) {
                    found(Kind.OFFSET_LOST, read, "was consumed, the group is at", history.groupOffsets().get(read.partition()));
                }
            }
        }
        history.log().forEach((partition, records) -> records.forEach(read -> {
            if (read.offset() < history.groupOffsets().getOrDefault(partition, 0L) && !times.containsKey(read.value())) {
                found(Kind.NEVER_CONSUMED, read, "the group is at", history.groupOffsets().get(partition));
            }
        }));
    }
}
