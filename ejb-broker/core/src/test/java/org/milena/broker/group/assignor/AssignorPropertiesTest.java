package org.milena.broker.group.assignor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;

/** What the assignors promise, over random groups. A failure names its seed: {@code -Dseed=} repeats it. */
class AssignorPropertiesTest {

    private static final int ROUNDS = 400;

    private final long seed = Long.getLong("seed", System.nanoTime());
    private final Random random = new Random(seed);

    private static Uuid topic(int i) {
        return new Uuid(0, i + 1);
    }

    private static int count(Map<Uuid, Set<Integer>> partitions) {
        return partitions.values().stream().mapToInt(Set::size).sum();
    }

    private GroupSpec randomGroup(boolean homogeneous, int maxMembers) {
        int topics = 1 + random.nextInt(6);
        SortedMap<Uuid, Integer> partitions = new TreeMap<>();
        for (int t = 0; t < topics; t++) {
            partitions.put(topic(t), 1 + random.nextInt(12));
        }
        Set<Uuid> all = partitions.keySet();
        SortedMap<String, GroupSpec.Member> members = new TreeMap<>();
        int size = 1 + random.nextInt(maxMembers);
        for (int m = 0; m < size; m++) {
            members.put("m" + random.nextInt(1_000) + "-" + m,
                    new GroupSpec.Member(random.nextInt(4) == 0 ? "i" + m : null, homogeneous ? all : randomSubset(all), Map.of()));
        }
        SortedMap<Uuid, Integer> subscribed = new TreeMap<>(partitions);
        subscribed.keySet().removeIf(topic -> members.values().stream().noneMatch(member -> member.topics().contains(topic)));
        return new GroupSpec(members, subscribed);
    }

    private Set<Uuid> randomSubset(Set<Uuid> all) {
        List<Uuid> list = new ArrayList<>(all);
        Collections.shuffle(list, random);
        return new HashSet<>(list.subList(0, random.nextInt(list.size() + 1)));
    }

    /** Members come and go, wishes change, topics grow: the old target is the new current assignment. */
    private GroupSpec changed(GroupSpec group, Map<String, Map<Uuid, Set<Integer>>> target, boolean homogeneous) {
        SortedMap<String, GroupSpec.Member> members = new TreeMap<>();
        group.members().forEach((id, member) -> {
            if (random.nextInt(5) > 0) {
                Set<Uuid> topics = homogeneous || random.nextInt(4) > 0 ? member.topics() : randomSubset(group.partitions().keySet());
                members.put(id, new GroupSpec.Member(member.instanceId(), topics, target.get(id)));
            }
        });
        for (int i = random.nextInt(3); i > 0 || members.isEmpty(); i--) {
            Set<Uuid> topics = homogeneous ? group.members().get(group.members().firstKey()).topics() : randomSubset(group.partitions().keySet());
            members.put("n" + random.nextInt(1_000_000), new GroupSpec.Member(null, topics, Map.of()));
        }
        SortedMap<Uuid, Integer> partitions = new TreeMap<>(group.partitions());
        partitions.replaceAll((topic, count) -> count + (random.nextInt(4) == 0 ? random.nextInt(5) : 0));
        partitions.keySet().removeIf(topic -> members.values().stream().noneMatch(member -> member.topics().contains(topic)));
        return new GroupSpec(members, partitions);
    }

    private void assertValid(GroupSpec group, Map<String, Map<Uuid, Set<Integer>>> target) {
        assertThat(target.keySet()).as("seed %d", seed).isEqualTo(group.members().keySet());
        Set<String> seen = new HashSet<>();
        target.forEach((id, topics) -> topics.forEach((topic, numbers) -> {
            assertThat(group.members().get(id).topics()).as("seed %d", seed).contains(topic);
            assertThat(numbers).as("seed %d", seed).isNotEmpty();
            numbers.forEach(number -> assertThat(seen.add(topic + "-" + number)).as("two owners, seed %d", seed).isTrue());
        }));
        Set<String> expected = new HashSet<>();
        group.partitions().forEach((topic, count) -> {
            for (int i = 0; i < count; i++) {
                expected.add(topic + "-" + i);
            }
        });
        assertThat(seen).as("seed %d", seed).isEqualTo(expected);
    }

    private static int kept(GroupSpec group, Map<String, Map<Uuid, Set<Integer>>> target) {
        int kept = 0;
        for (Map.Entry<String, GroupSpec.Member> member : group.members().entrySet()) {
            for (Map.Entry<Uuid, Set<Integer>> topic : member.getValue().current().entrySet()) {
                Set<Integer> both = new HashSet<>(topic.getValue());
                both.retainAll(target.get(member.getKey()).getOrDefault(topic.getKey(), Set.of()));
                kept += both.size();
            }
        }
        return kept;
    }

    @Test
    void everyAssignorAssignsEachPartitionOnceToASubscriberAndAlwaysTheSameWay() {
        for (PartitionAssignor assignor : List.of(new UniformAssignor(), new RangeAssignor())) {
            for (int i = 0; i < ROUNDS; i++) {
                boolean homogeneous = random.nextBoolean();
                GroupSpec group = randomGroup(homogeneous, 9);
                for (int step = 0; step < 4; step++) {
                    Map<String, Map<Uuid, Set<Integer>>> target = assignor.assign(group);
                    assertValid(group, target);
                    assertThat(assignor.assign(group)).as("seed %d", seed).isEqualTo(target);
                    group = changed(group, target, homogeneous);
                }
            }
        }
    }

    @Test
    void uniformBalancesAHomogeneousGroupWithinOneAndKeepsAllThatBalanceAllows() {
        UniformAssignor uniform = new UniformAssignor();
        for (int i = 0; i < ROUNDS; i++) {
            GroupSpec group = randomGroup(true, 9);
            for (int step = 0; step < 4; step++) {
                Map<String, Map<Uuid, Set<Integer>>> target = uniform.assign(group);
                int total = group.partitions().values().stream().mapToInt(Integer::intValue).sum();
                int quota = total / group.members().size();
                int larger = total % group.members().size();
                target.values().forEach(mine -> assertThat(count(mine)).as("seed %d", seed).isBetween(quota, quota + 1));

                List<Integer> had = group.members().values().stream().map(member -> count(member.current())).toList();
                long overQuota = had.stream().filter(count -> count > quota).count();
                long best = had.stream().mapToInt(count -> Math.min(count, quota)).sum() + Math.min(overQuota, larger);
                assertThat(kept(group, target)).as("seed %d", seed).isEqualTo((int) best);
                group = changed(group, target, true);
            }
        }
    }

    /** Balanced: no partition, moved to another subscriber directly or over others, would make the loads more equal. */
    @Test
    void uniformBalancesAHeterogeneousGroupAsFarAsSubscriptionsAllow() {
        UniformAssignor uniform = new UniformAssignor();
        for (int i = 0; i < ROUNDS; i++) {
            GroupSpec group = randomGroup(false, 5);
            for (int step = 0; step < 3; step++) {
                Map<String, Map<Uuid, Set<Integer>>> target = uniform.assign(group);
                for (String from : target.keySet()) {
                    for (String reached : reachable(group, target, from)) {
                        assertThat(count(target.get(from)) - count(target.get(reached))).as("%s to %s, seed %d", from, reached, seed)
                                .isLessThanOrEqualTo(1);
                    }
                }
                group = changed(group, target, false);
            }
        }
    }

    private static Set<String> reachable(GroupSpec group, Map<String, Map<Uuid, Set<Integer>>> target, String from) {
        Set<String> reached = new TreeSet<>(Set.of(from));
        boolean grown = true;
        while (grown) {
            grown = false;
            for (String via : List.copyOf(reached)) {
                for (Uuid topic : target.get(via).keySet()) {
                    for (Map.Entry<String, GroupSpec.Member> member : group.members().entrySet()) {
                        grown |= member.getValue().topics().contains(topic) && reached.add(member.getKey());
                    }
                }
            }
        }
        return reached;
    }

    @Test
    void uniformMovesNothingWhenNothingChanged() {
        UniformAssignor uniform = new UniformAssignor();
        for (int i = 0; i < ROUNDS; i++) {
            GroupSpec group = randomGroup(random.nextBoolean(), 9);
            Map<String, Map<Uuid, Set<Integer>>> target = uniform.assign(group);
            SortedMap<String, GroupSpec.Member> same = new TreeMap<>();
            group.members().forEach((id, member) -> same.put(id, new GroupSpec.Member(member.instanceId(), member.topics(), target.get(id))));
            assertThat(uniform.assign(new GroupSpec(same, group.partitions()))).as("seed %d", seed).isEqualTo(target);
        }
    }

    @Test
    void rangeGivesContiguousRangesAndMeetsEqualTopicsInOneMember() {
        RangeAssignor range = new RangeAssignor();
        for (int i = 0; i < ROUNDS; i++) {
            GroupSpec group = randomGroup(random.nextBoolean(), 9);
            Map<String, Map<Uuid, Set<Integer>>> target = range.assign(group);
            target.values().forEach(topics -> topics.values().forEach(numbers -> {
                TreeSet<Integer> sorted = new TreeSet<>(numbers);
                assertThat(sorted.last() - sorted.first() + 1).as("seed %d", seed).isEqualTo(sorted.size());
            }));
            Map<List<Object>, Uuid> alike = new HashMap<>();
            group.partitions().forEach((topic, count) -> {
                Set<String> subscribers = new TreeSet<>();
                group.members().forEach((id, member) -> {
                    if (member.topics().contains(topic)) {
                        subscribers.add(id);
                    }
                });
                Uuid other = alike.putIfAbsent(List.of(count, subscribers), topic);
                if (other != null) {
                    subscribers.forEach(id -> assertThat(target.get(id).get(topic)).as("seed %d", seed).isEqualTo(target.get(id).get(other)));
                }
            });
        }
    }

    @Test
    void rangeKeepsAStaticMembersPartitionsWhenItComesBackUnderAnotherId() {
        SortedMap<Uuid, Integer> partitions = new TreeMap<>(Map.of(topic(0), 3, topic(1), 3));
        Set<Uuid> topics = partitions.keySet();
        GroupSpec before = new GroupSpec(new TreeMap<>(Map.of("a", new GroupSpec.Member("i1", topics, Map.of()),
                "b", new GroupSpec.Member("i2", topics, Map.of()))), partitions);
        GroupSpec after = new GroupSpec(new TreeMap<>(Map.of("z", new GroupSpec.Member("i1", topics, Map.of()),
                "b", new GroupSpec.Member("i2", topics, Map.of()))), partitions);
        assertThat(new RangeAssignor().assign(before).get("a")).isEqualTo(Map.of(topic(0), Set.of(0, 1), topic(1), Set.of(0, 1)));
        assertThat(new RangeAssignor().assign(after).get("z")).isEqualTo(new RangeAssignor().assign(before).get("a"));
    }

    @Test
    void configNamesTheAssignorsTheFirstIsTheDefault() {
        Assignors assignors = new Assignors(List.of("range", "uniform"));
        assertThat(assignors.first().name()).isEqualTo("range");
        assertThat(assignors.names()).isEqualTo("range, uniform");
        assertThat(assignors.get("sticky")).isNull();
        assertThatThrownBy(() -> new Assignors(List.of("sticky"))).isInstanceOf(ConfigException.class)
                .hasMessageContaining("group.consumer.assignors").hasMessageContaining("sticky").hasMessageContaining("uniform, range");
        assertThatThrownBy(() -> new Assignors(List.of("range", "range"))).hasMessageContaining("twice");
        assertThatThrownBy(() -> new Assignors(List.of())).hasMessageContaining("at least one");
    }
}
