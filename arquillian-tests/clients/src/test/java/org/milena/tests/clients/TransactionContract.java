package org.milena.tests.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.milena.tests.broker.Cluster;

/** What a library must also be able to do if it has a transactional producer. */
abstract class TransactionContract extends ClientContract {
    private static final long BASE = System.currentTimeMillis() - 3_600_000;

    /** What the library calls the error of a producer whose transactional id another one has taken. */
    abstract String fenced();

    private static Rec numbered(int i) {
        return Rec.of(i % 2, BASE + i, "key-" + i, "value " + i).with("n", "" + i);
    }

    private static List<Rec> committed(String topic) {
        return Cluster.readCommitted(topic).stream().map(Rec::of).toList();
    }

    private static List<Rec> all(String topic) {
        return Cluster.readAll(topic).stream().map(Rec::of).toList();
    }

    private static TransactionState state(String id) {
        return Cluster.get(Cluster.admin().describeTransactions(List.of(id)).description(id)).state();
    }

    @Test
    void transactionsCommitAndAbortAsAWhole() {
        String first = Cluster.topic(driver.name() + "-txn", 2);
        String second = Cluster.topic(driver.name() + "-txn", 2);
        List<Rec> kept = new ArrayList<>();
        List<Rec> sent = new ArrayList<>();
        try (Transactor transactor = new Transactor(driver, first)) {
            for (int transaction = 0; transaction < 6; transaction++) {
                List<Rec> records = IntStream.range(transaction * 10, transaction * 10 + 10).mapToObj(TransactionContract::numbered).toList();
                boolean commit = transaction % 3 != 1;
                transactor.begin();
                for (Rec record : records) {
                    transactor.send(first, record);
                    transactor.send(second, record);
                }
                sent.addAll(records);
                assertThat(Rec.byPartition(committed(first))).as("an open transaction is not seen").isEqualTo(Rec.byPartition(kept));
                if (commit) {
                    transactor.commit();
                    kept.addAll(records);
                } else {
                    transactor.abort();
                }
                assertEnded(first);
            }
            transactor.finish();
        }
        for (String topic : List.of(first, second)) {
            assertThat(Rec.byPartition(committed(topic))).isEqualTo(Rec.byPartition(kept));
            assertThat(Rec.byPartition(all(topic))).isEqualTo(Rec.byPartition(sent));
        }
    }

    /** The answer to the end of a transaction comes before its markers are in the partitions; a reader has to wait for these. */
    private static void assertEnded(String id) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (state(id) != TransactionState.COMPLETE_COMMIT && state(id) != TransactionState.COMPLETE_ABORT) {
            assertThat(System.nanoTime()).as("the transaction ends").isLessThan(deadline);
        }
    }

    @Test
    void aSecondInstanceResumesFromTheOffsetsOfCommittedTransactions() {
        String input = Cluster.topic(driver.name() + "-input", 3);
        String output = Cluster.topic(driver.name() + "-output", 3);
        Cluster.produce(Cluster.numbered(input, 3, 0, 60).toList());
        String[] arguments = {"input=" + input, "output=" + output, "group=" + input, "id=" + input};
        List<String> said = run(List.of(), "transform", with(arguments, "count=28", "crash=true"));
        int open = Integer.parseInt(said.stream().filter(line -> line.startsWith("left open\t")).findFirst().orElseThrow().split("\t")[1]);
        assertThat(open).isPositive();
        assertThat(offsets(input).values().stream().mapToLong(offset -> offset).sum()).as("offsets of committed transactions").isEqualTo(28 - open);
        assertThat(all(output)).hasSize(28);
        assertThat(state(input)).isEqualTo(TransactionState.ONGOING);
        run(List.of(), "transform", with(arguments, "count=" + (60 - 28 + open)));
        assertEnded(input);
        assertThat(keysAndValues(committed(output))).isEqualTo(keysAndValues(all(input)));
        assertThat(all(output)).as("with the aborted ones").hasSize(60 + open);
        assertThat(offsets(input).values()).containsExactly(20L, 20L, 20L);
    }

    private static String[] with(String[] some, String... more) {
        List<String> both = new ArrayList<>(List.of(some));
        both.addAll(List.of(more));
        return both.toArray(String[]::new);
    }

    private static Map<TopicPartition, Long> offsets(String group) {
        return Cluster.committed(group).entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().offset()));
    }

    private static Map<Integer, List<String>> keysAndValues(List<Rec> records) {
        return records.stream().collect(Collectors.groupingBy(Rec::partition, Collectors.mapping(rec -> rec.key() + " " + rec.value(), Collectors.toList())));
    }

    @Test
    void aProducerIsFencedByTheNextOneWithItsTransactionalId() {
        String topic = Cluster.topic(driver.name() + "-fenced", 2);
        try (Transactor zombie = new Transactor(driver, topic)) {
            zombie.begin();
            zombie.send(topic, numbered(0));
            zombie.send(topic, numbered(1));
            try (Transactor next = new Transactor(driver, topic)) {
                next.begin();
                next.send(topic, numbered(2));
                assertThat(zombie.ask("commit")).isEqualTo("error\t" + fenced());
                next.send(topic, numbered(3));
                next.commit();
                next.finish();
            }
            assertEnded(topic);
        }
        assertThat(Rec.byPartition(committed(topic))).isEqualTo(Rec.byPartition(List.of(numbered(2), numbered(3))));
    }

    @Test
    void aFencedProducersRecordsAreRefused() {
        String topic = Cluster.topic(driver.name() + "-zombie", 2);
        try (Transactor zombie = new Transactor(driver, topic)) {
            zombie.begin();
            zombie.send(topic, numbered(0));
            zombie.commit();
            zombie.begin();
            zombie.send(topic, numbered(1));
            try (Transactor next = new Transactor(driver, topic)) {
                assertThat(zombie.ask(Transactor.sending(topic, numbered(3)))).startsWith("error\t");
                next.begin();
                next.send(topic, numbered(2));
                next.commit();
                next.finish();
            }
            assertEnded(topic);
        }
        assertThat(Rec.byPartition(committed(topic))).isEqualTo(Rec.byPartition(List.of(numbered(0), numbered(2))));
        assertThat(all(topic)).as("the zombie's last record was never taken").hasSize(3);
    }
}
