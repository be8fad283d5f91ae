package org.milena.connector.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

class TransactionalIdsTest {

    private final TransactionalIds ids = new TransactionalIds("rm#p#i#");

    private Set<String> take(int count, int statePartitions) {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < count; i++) {
            names.add(ids.take(() -> statePartitions).name());
        }
        return names;
    }

    private static Set<Integer> partitions(Set<String> names, int partitions) {
        return names.stream().map(name -> Utils.abs(name.hashCode()) % partitions).collect(Collectors.toSet());
    }

    @Test
    void allOfThemAreInOnePartitionOfTheState() {
        Set<String> names = take(100, 50);
        assertThat(names).hasSize(100).allMatch(name -> name.startsWith("rm#p#i#"));
        assertThat(partitions(names, 50)).hasSize(1);
    }

    @Test
    void notOfEveryResourceManagerInTheSame() {
        Set<Integer> homes = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            homes.addAll(partitions(Set.of(new TransactionalIds("rm" + i + "#p#i#").take(() -> 50).name()), 50));
        }
        assertThat(homes).hasSizeGreaterThan(5);
    }

    @Test
    void beforeTheStateIsThereAnyWillDo() {
        assertThat(take(10, 0)).hasSize(10);
    }

    @Test
    void oneThatHasJustBeenUsedRests() {
        TransactionalId used = ids.take(() -> 50);
        ids.giveBack(used);
        assertThat(ids.take(() -> 50)).isNotSameAs(used);
    }
}
