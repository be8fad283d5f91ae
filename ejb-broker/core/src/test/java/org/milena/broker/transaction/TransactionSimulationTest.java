package org.milena.broker.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.transaction.TransactionFixture.V0;
import static org.milena.broker.transaction.TransactionFixture.V2;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.milena.broker.transaction.SimPartitions.Outcome;

/**
 * Random producers of both protocols, and transaction managers with prepared branches, with zombies, lost and late requests and answers,
 * against a coordinator that reloads at any
 * point and a log that is slow, stalls and fails: invariants 3 and 5 of the design. A transaction has one outcome in all its
 * partitions, that its client was told and asked for; nobody's late records join another's transaction; after the faults nothing stays
 * open and everybody makes progress. {@code -Dseed=} repeats a run.
 */
class TransactionSimulationTest {

    private static final int ROUNDS = 40;
    private static final int STEPS = 1_500;

    @Test
    void randomProducers() {
        Long fixed = Long.getLong("seed");
        Random seeds = new Random();
        for (int round = 0; round < (fixed == null ? ROUNDS : 1); round++) {
            long seed = fixed == null ? seeds.nextLong() : fixed;
            try {
                simulate(new Random(seed));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("Failed with -Dseed=" + seed + ": " + e.getMessage(), e);
            }
        }
    }

    private static void simulate(Random random) {
        SimCluster cluster = new SimCluster(random);
        SimProducer.Truth truth = new SimProducer.Truth();
        List<SimProducer> producers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            // Two producers for each id fence each other all the time.
            producers.add(new SimProducer(cluster, random, truth, "id-" + i / 2, i < 2 ? V2 : V0));
            producers.add(new SimProducer(cluster, random, truth, "alone-" + i, random.nextBoolean() ? V2 : V0));
        }
        List<SimBranchClient> connectors = List.of(new SimBranchClient(cluster, random, truth, "crm"), new SimBranchClient(cluster, random, truth, "erp"));
        for (int step = 0; step < STEPS; step++) {
            cluster.fault();
            SimBranchClient connector = connectors.get(random.nextInt(connectors.size()));
            if (random.nextInt(60) == 0) {
                connector.crash();
            } else {
                connector.step();
            }
            SimProducer producer = producers.get(random.nextInt(producers.size()));
            if (random.nextInt(100) == 0) {
                producer.crash();
            } else {
                producer.step();
            }
            cluster.world.advance(random.nextInt(150));
        }
        cluster.heal();
        everybodyMakesProgress(cluster, producers);
        branchesAreRecovered(cluster, connectors);
        cluster.world.advance(TransactionFixture.TIMEOUT_MS + 30_000);
        eachTransactionHasOneOutcome(cluster.partitions, truth);
        theLogHoldsTheState(cluster);
    }

    private static void everybodyMakesProgress(SimCluster cluster, List<SimProducer> producers) {
        List<SimProducer> lonely = producers.stream().filter(p -> producers.indexOf(p) % 2 == 1).toList();
        lonely.forEach(p -> p.finished = 0);
        for (int tick = 0; tick < 2_000; tick++) {
            lonely.forEach(SimProducer::step);
            cluster.world.advance(50);
            if (lonely.stream().allMatch(p -> p.finished >= 3)) {
                return;
            }
        }
        throw new AssertionError("No progress 100 s after the faults ended: " + lonely.stream().map(p -> p.finished).toList());
    }

    /** Invariant 8, our half: once everybody has recovered nothing is in doubt. */
    private static void branchesAreRecovered(SimCluster cluster, List<SimBranchClient> connectors) {
        cluster.world.advance(10_000); // what was late has arrived
        connectors.forEach(SimBranchClient::crash);
        connectors.forEach(connector -> connector.finished = 0);
        for (int tick = 0; tick < 2_000 && connectors.stream().anyMatch(connector -> connector.finished < 3); tick++) {
            connectors.forEach(SimBranchClient::step);
            cluster.world.advance(50);
        }
        assertThat(connectors).allSatisfy(connector -> assertThat(connector.finished).as("branches after recovery").isGreaterThanOrEqualTo(3));
        connectors.forEach(SimBranchClient::crash);
        cluster.world.advance(10_000);
        for (int tick = 0; tick < 200; tick++) {
            connectors.forEach(SimBranchClient::recoverOnly);
            cluster.world.advance(50);
        }
        var inDoubt = cluster.coordinator().branches().recover(null);
        cluster.world.advance(1_000);
        assertThat(cluster.world.get(inDoubt)).as("in doubt").isEmpty();
    }

    private static void eachTransactionHasOneOutcome(SimPartitions partitions, SimProducer.Truth truth) {
        assertThat(truth.committed).as("the simulation commits something").hasSizeGreaterThan(10);
        for (String transaction : partitions.transactions()) {
            Map<TopicPartition, Outcome> outcomes = partitions.outcomes(transaction);
            assertThat(outcomes.values()).as("%s is over", transaction).doesNotContain(Outcome.OPEN);
            assertThat(outcomes.values().stream().distinct()).as("%s is atomic: %s", transaction, outcomes).hasSize(1);
            if (outcomes.containsValue(Outcome.COMMITTED)) {
                assertThat(truth.commitSent).as("nobody asked for the commit of").contains(transaction);
            }
        }
        truth.committed.forEach(transaction -> truth.acknowledged.getOrDefault(transaction, java.util.Set.of()).forEach(partition ->
                assertThat(partitions.outcomes(transaction).get(partition)).as("%s in %s was acknowledged and committed", transaction, partition)
                        .isEqualTo(Outcome.COMMITTED)));
        truth.aborted.forEach(transaction -> assertThat(partitions.outcomes(transaction).values()).as("%s was aborted", transaction)
                .doesNotContain(Outcome.COMMITTED));
    }

    /** Read again from the log, all is as it was; but for what is not in the log. */
    private static void theLogHoldsTheState(SimCluster cluster) {
        Map<String, TransactionMetadata> live = state(cluster);
        cluster.restart();
        cluster.world.run();
        assertThat(state(cluster)).isEqualTo(live);
        assertThat(live.values()).allSatisfy(transaction -> assertThat(transaction.state().isIdle()).as("%s", transaction).isTrue());
    }

    private static Map<String, TransactionMetadata> state(SimCluster cluster) {
        Map<String, TransactionMetadata> all = new TreeMap<>();
        cluster.coordinator().observe(shard -> shard.forEach((id, t) -> all.put(id, new TransactionMetadata(t.producerId(),
                t.previousProducerId(), t.nextProducerId(), t.producerEpoch(), TransactionMetadata.NO_EPOCH, t.timeoutMs(), t.state(),
                t.partitions(), t.startTimeMs(), t.lastUpdateTimeMs(), t.clientTransactionVersion(), t.branch()))));
        cluster.world.run();
        return all;
    }
}
