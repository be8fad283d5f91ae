package org.milena.broker.group.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.FencedMemberEpochException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Many members that join, leave, crash, lose answers and revoke late, topics that grow, and brokers that die: no partition ever has
 * two owners among members the server lets live (invariant 7), and when things calm down everybody reaches the target in a
 * bounded number of heartbeats. A failure names its seed: {@code -Dseed=} repeats it.
 */
class GroupSimulationTest {

    private static final int STEPS = 1_500;
    private static final String[] TOPICS = {"t0", "t1", "t2", "x0", "x1"};

    private final GroupHarness shard = new GroupHarness();
    private final Map<String, TestMember> alive = new HashMap<>();
    private final Map<String, Integer> partitions = new HashMap<>();
    private final Set<String> answerLost = new TreeSet<>();
    private Random random;
    private long seed;
    private int ids;

    /** Five that stay the same and a new one; {@code -Dmilena.long=true} tries 500 new ones. */
    static LongStream seeds() {
        Long given = Long.getLong("seed");
        if (given != null) {
            return LongStream.of(given);
        }
        return LongStream.concat(LongStream.rangeClosed(1, 5), new Random().longs(Boolean.getBoolean("milena.long") ? 500 : 1));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void noPartitionHasTwoOwnersAndCalmBringsConvergence(long given) {
        seed = given;
        System.out.println("GroupSimulationTest -Dseed=" + seed);
        random = new Random(seed);
        shard.set("group.consumer.assignment.interval.ms", random.nextBoolean() ? 0 : 1_000);
        for (String topic : TOPICS) {
            grow(topic, 1 + random.nextInt(6));
        }
        for (int step = 0; step < STEPS; step++) {
            act();
            assertOneOwner(step);
        }
        calm();
    }

    private void act() {
        int dice = random.nextInt(100);
        if (alive.isEmpty() || dice < 6 && alive.size() < 12) {
            join();
        } else if (dice < 70) {
            beat(any());
        } else if (dice < 82) {
            apply(any());
        } else if (dice < 84) {
            leave(any());
        } else if (dice < 86) {
            alive.remove(any().memberId);
        } else if (dice < 88) {
            grow(TOPICS[random.nextInt(TOPICS.length)], 0);
        } else if (dice < 90) {
            wish(any());
        } else if (dice < 92) {
            shard.restart();
            sameStateAsBefore();
        } else {
            shard.advance(random.nextInt(4_000));
        }
    }

    private TestMember any() {
        List<String> sorted = new ArrayList<>(new TreeSet<>(alive.keySet()));
        return alive.get(sorted.get(random.nextInt(sorted.size())));
    }

    private void grow(String topic, int to) {
        partitions.merge(topic, to, (have, add) -> have + 1);
        shard.topic(topic, partitions.get(topic));
    }

    private void randomWish(TestMember member) {
        Set<String> topics = new TreeSet<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            topics.add(TOPICS[random.nextInt(TOPICS.length)]);
        }
        member.topics = List.copyOf(topics);
        member.regex = random.nextInt(3) == 0 ? "t[0-" + random.nextInt(3) + "]" : "";
        member.assignor = random.nextInt(4) == 0 ? "range" : null;
    }

    private void join() {
        TestMember member = new TestMember(shard, "g", "m" + ++ids);
        randomWish(member);
        member.rebalanceTimeoutMs = 5_000 + random.nextInt(20_000);
        if (random.nextInt(4) == 0) {
            member.instanceId = "i" + random.nextInt(4);
        }
        try {
            member.join();
            alive.put(member.memberId, member);
        } catch (UnreleasedInstanceIdException e) {
            assertThat(member.instanceId).isNotNull();
        }
    }

    private void beat(TestMember member) {
        guarded(member, () -> {
            if (random.nextInt(20) == 0) {
                shard.beat(member.full());
                answerLost.add(member.memberId);
            } else if (answerLost.remove(member.memberId) || random.nextInt(10) == 0) {
                member.beatFull();
            } else {
                member.beat();
            }
        });
    }

    /**
     * A member first gives up and says so, or does both at once: both are allowed, for it takes only what is free. It takes nothing
     * while an answer is lost: it said what it owns, so the server may have given the rest of the older answer to others.
     */
    private void apply(TestMember member) {
        if (random.nextBoolean() || answerLost.contains(member.memberId)) {
            member.revoke();
        } else {
            member.apply();
        }
    }

    private void wish(TestMember member) {
        randomWish(member);
        answerLost.remove(member.memberId);
        guarded(member, member::beatFull);
    }

    private void leave(TestMember member) {
        guarded(member, () -> {
            shard.beat(member.request().setMemberEpoch(member.instanceId != null && random.nextBoolean() ? -2 : -1));
            alive.remove(member.memberId);
        });
    }

    /** A member that the server put out gives everything up and comes again, as the client does. */
    private void guarded(TestMember member, Runnable action) {
        try {
            action.run();
        } catch (FencedMemberEpochException | UnknownMemberIdException e) {
            member.owned.clear();
            member.wanted.clear();
            answerLost.remove(member.memberId);
            try {
                member.join();
            } catch (UnreleasedInstanceIdException taken) {
                alive.remove(member.memberId);
            }
        } catch (FencedInstanceIdException e) {
            succeeded(member);
        } catch (GroupIdNotFoundException e) {
            member.join();
        } catch (ApiException e) {
            fail("seed " + seed + ": " + member.memberId, e);
        }
    }

    /** It was put out and another came with its instance id before it noticed: fatal for the client, it does not come again. */
    private void succeeded(TestMember member) {
        ConsumerGroup group = shard.group("g");
        assertThat(group.member(member.memberId)).as("seed %d: fenced while in the group, %s", seed, member.memberId).isNull();
        assertThat(group.staticMember(member.instanceId)).as("seed %d: successor of %s", seed, member.memberId).isNotNull();
        alive.remove(member.memberId);
    }

    /** A member owns for sure while the server has it in its group; one that was put out is a zombie, and fenced. */
    private void assertOneOwner(int step) {
        Map<String, String> owner = new HashMap<>();
        ConsumerGroup group = (ConsumerGroup) shard.groups.get("g");
        if (group == null) {
            return;
        }
        for (TestMember member : alive.values()) {
            if (group.member(member.memberId) == null) {
                continue;
            }
            Map<Uuid, Set<Integer>> mayConsume = member.owned;
            mayConsume.forEach((topic, numbers) -> numbers.forEach(number -> {
                String other = owner.put(topic + "-" + number, member.memberId);
                assertThat(other).as("seed %d, step %d: %s-%d of %s", seed, step, topic, number, member.memberId).isNull();
            }));
        }
        for (ConsumerMember member : group.members().values()) {
            for (var held : List.of(member.current().assigned(), member.current().revoking())) {
                held.forEach((topic, numbers) -> numbers.keySet().forEach(number ->
                        assertThat(group.owner(topic, number)).as("seed %d, step %d", seed, step).isEqualTo(member.memberId())));
            }
        }
    }

    private void sameStateAsBefore() {
        ConsumerGroup now = (ConsumerGroup) shard.groups.get("g");
        if (now != null) {
            var described = shard.protocol.describe("g");
            shard.restart();
            assertThat(shard.protocol.describe("g")).as("seed %d", seed).isEqualTo(described);
        }
    }

    private void calm() {
        for (int round = 0; round < 60; round++) {
            for (String id : List.copyOf(new TreeSet<>(alive.keySet()))) {
                TestMember member = alive.get(id);
                guarded(member, answerLost.remove(id) ? member::beatFull : member::beat);
                member.apply();
            }
            shard.advance(2_000);
            assertOneOwner(STEPS + round);
        }
        ConsumerGroup group = shard.group("g");
        assertThat(group.members().keySet()).as("seed %d", seed).isEqualTo(alive.keySet());
        assertThat(group.state()).as("seed %d", seed).isIn("Stable", "Empty");
        for (TestMember member : alive.values()) {
            assertThat(member.owned).as("seed %d, %s", seed, member.memberId).isEqualTo(group.target(member.memberId));
            Set<Uuid> wished = TopicMetadata.ids(shard.image, group.topicsOf(group.member(member.memberId)));
            assertThat(wished).as("seed %d", seed).containsAll(member.owned.keySet());
        }
        Set<String> wanted = group.subscribedTopics();
        int expected = wanted.stream().filter(partitions::containsKey).mapToInt(partitions::get).sum();
        assertThat(alive.values().stream().mapToInt(TestMember::count).sum()).as("seed %d", seed).isEqualTo(expected);
    }
}
