package org.milena.connector.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;
import org.milena.connector.OutboundRecord;

class PartitionerTest {

    private static final long SEED = Long.getLong("seed", System.nanoTime());

    private final Partitioner partitioner = new Partitioner();

    private static Topic topic(int... leaders) {
        return new Topic("t", Uuid.randomUuid(), leaders, 0);
    }

    @Test
    void keysGoWhereKafkasProducerSendsThem() {
        System.out.println("-Dseed=" + SEED);
        Random random = new Random(SEED);
        Topic topic = topic(new int[17]);
        for (int i = 0; i < 5_000; i++) {
            byte[] key = new byte[random.nextInt(40)];
            random.nextBytes(key);
            assertThat(partitioner.partition(OutboundRecord.to("t").key(key), topic)).isEqualTo(BuiltInPartitioner.partitionForKey(key, 17));
        }
    }

    @Test
    void anExplicitPartitionWinsOverTheKey() {
        for (int i = 0; i < 5; i++) {
            assertThat(partitioner.partition(OutboundRecord.to("t").key("k").partition(i), topic(1, 1, 1, 1, 1))).isEqualTo(i);
        }
    }

    @Test
    void aPartitionThatIsNotThereIsRefusedByName() {
        assertThatThrownBy(() -> partitioner.partition(OutboundRecord.to("t").partition(5), topic(1, 1, 1, 1, 1)))
                .hasMessage("Topic t has 5 partitions, no partition 5");
    }

    @Test
    void recordsWithoutAKeyStayTogetherForAWhileThenMoveOn() {
        Topic topic = topic(1, 1, 1, 1);
        Set<Integer> used = new HashSet<>();
        int changes = 0;
        int last = -1;
        for (int i = 0; i < 2_000; i++) {
            int next = partitioner.partition(OutboundRecord.to("t").value(new byte[1_023]), topic);
            changes += next == last ? 0 : 1;
            last = next;
            used.add(next);
        }
        assertThat(changes).isEqualTo(2_000 / 16);
        assertThat(used).hasSize(4);
    }

    @Test
    void recordsWithoutAKeyAvoidPartitionsWithoutALeader() {
        Topic topic = topic(-1, -1, 3, -1);
        for (int i = 0; i < 100; i++) {
            assertThat(partitioner.partition(OutboundRecord.to("t").value(new byte[10_000]), topic)).isEqualTo(2);
        }
    }

    @Test
    void withoutAnyLeaderSomePartitionIsChosenToWaitFor() {
        assertThat(partitioner.partition(OutboundRecord.to("t").value("v"), topic(-1, -1))).isBetween(0, 1);
    }
}
