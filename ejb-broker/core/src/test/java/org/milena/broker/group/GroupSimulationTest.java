package org.milena.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.milena.broker.group.classic.ClassicGroup;
import org.milena.broker.group.record.GroupMetadataValue;
import org.milena.broker.group.record.GroupValue;

/**
 * Random clients against one coordinator whose disk is slow, stalls and fails and which restarts: invariant 7 of the design (no
 * partition has two owners in one generation, a zombie's commit is fenced), no acknowledged commit is lost, the state read from the
 * log is the state that was, and when the faults end everybody makes progress. {@code -Dseed=} repeats a run.
 */
class GroupSimulationTest {

    private static final int ROUNDS = 40;
    private static final int STEPS = 1_500;

    @Test
    void randomClients() {
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

    private void simulate(Random random) {
        GroupFixture f = new GroupFixture(Map.of("group.initial.rebalance.delay.ms", random.nextInt(2) * 1_000));
        SimClient.Ownership ownership = new SimClient.Ownership();
        List<SimClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(new SimClient(f, random, ownership, i < 2 ? "static-" + i : null));
        }
        f.log.setDelay(partition -> random.nextInt(50));
        for (int step = 0; step < STEPS; step++) {
            fault(f, random);
            SimClient client = clients.get(random.nextInt(clients.size()));
            if (random.nextInt(60) == 0) {
                client.crash();
            } else {
                client.step();
            }
            f.world.advance(random.nextInt(400));
        }
        heal(f);
        acknowledgedCommitsAreThere(f, ownership);
        everybodyMakesProgress(f, clients);
        zombiesAreFenced(f, clients);
        theLogHoldsTheState(f);
    }

    private static void fault(GroupFixture f, Random random) {
        switch (random.nextInt(120)) {
            case 0 -> f.log.setFate(SimLog.Fate.FAIL);
            case 1 -> f.log.setFate(SimLog.Fate.COMMIT_BUT_REPORT_FAILURE);
            case 2 -> f.log.stall();
            case 3, 4, 5, 6, 7, 8 -> heal(f);
            case 9 -> f.elect();
            case 10 -> {
                f.coordinator.shutdown();
                f.restart();
            }
            case 11 -> {
                f.resign();
                f.elect();
            }
            default -> { }
        }
    }

    private static void heal(GroupFixture f) {
        f.log.setFate(SimLog.Fate.COMMIT);
        f.log.resume();
    }

    private static void acknowledgedCommitsAreThere(GroupFixture f, SimClient.Ownership ownership) {
        f.world.advance(60_000);
        ownership.lastCommitted().forEach((partition, offset) ->
                assertThat(f.committed("t", partition)).as("partition %d", partition).isGreaterThanOrEqualTo(offset));
    }

    private static void everybodyMakesProgress(GroupFixture f, List<SimClient> clients) {
        for (int tick = 0; tick < 400; tick++) {
            clients.forEach(SimClient::step);
            f.world.advance(500);
            boolean settled = clients.stream().allMatch(SimClient::isMember)
                    && clients.stream().map(SimClient::generation).distinct().count() == 1
                    && clients.stream().mapToInt(c -> c.owned().size()).sum() == SimClient.PARTITIONS;
            if (settled) {
                return;
            }
        }
        throw new AssertionError("No common generation 200 s after the faults ended: group is " + f.state() + ", members "
                + clients.stream().map(c -> c.isMember() + "/" + c.generation()).toList());
    }

    /** A member that stopped talking is removed; what it commits afterwards must not count. */
    private static void zombiesAreFenced(GroupFixture f, List<SimClient> clients) {
        SimClient zombie = clients.get(4);
        for (int tick = 0; tick < 60; tick++) {
            clients.subList(0, 4).forEach(SimClient::step);
            f.world.advance(500);
        }
        if (!zombie.isMember()) {
            return;
        }
        long before = f.committed("t", 0);
        assertThat(f.world.get(zombie.commit(0))).isIn(Errors.UNKNOWN_MEMBER_ID, Errors.ILLEGAL_GENERATION);
        assertThat(f.committed("t", 0)).isEqualTo(before);
    }

    private static void theLogHoldsTheState(GroupFixture f) {
        f.world.advance(10_000);
        var live = new ArrayList<Map<String, Object>>();
        f.coordinator.observe(shard -> live.add(durable(shard)));
        f.world.run();
        f.restart();
        var read = new ArrayList<Map<String, Object>>();
        f.coordinator.observe(shard -> read.add(durable(shard)));
        f.world.run();
        assertThat(live).hasSize(1);
        assertThat(read).isEqualTo(live);
    }

    private static Map<String, Object> durable(GroupCoordinatorShard shard) {
        Map<String, Object> state = new TreeMap<>();
        for (Group group : shard.list()) {
            GroupMetadataValue persisted = ((ClassicGroup) group).persisted();
            Map<TopicPartition, GroupValue.OffsetCommit> offsets = shard.offsets().offsets(group.groupId());
            if (persisted != null || !offsets.isEmpty()) {
                state.put(group.groupId(), List.of(String.valueOf(persisted), offsets));
            }
        }
        return state;
    }
}
