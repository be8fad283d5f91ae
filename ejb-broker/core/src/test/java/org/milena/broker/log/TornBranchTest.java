package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.log.PowerCutBroker.T;
import static org.milena.broker.log.PowerCutBroker.TIMEOUT_MS;
import static org.milena.broker.log.PowerCutBroker.U;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.milena.broker.transaction.BranchContent;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.XaAnswer;

/**
 * A client on another machine has a branch open while the broker's power fails, once or again, and goes on with it: what it is voted on is all that it
 * was acknowledged, or nothing (invariant 8). The disk keeps what it likes of what was not synced.
 */
class TornBranchTest {

    /** What the client sent and was acknowledged, in its one transaction. */
    private static final class Client {
        private final PowerCutBroker broker;
        private final long producerId;
        private final Map<TopicPartition, List<String>> sent = new TreeMap<>((a, b) -> a.topic().compareTo(b.topic()));
        private long offset = -1;

        Client(PowerCutBroker broker) {
            this.broker = broker;
            this.producerId = broker.init("id");
            sent.put(T, new ArrayList<>());
            sent.put(U, new ArrayList<>());
        }

        /** @return whether it was acknowledged */
        boolean step(Random random) {
            TopicPartition to = random.nextBoolean() ? T : U;
            if (random.nextInt(4) == 0) {
                if (!broker.sendOffset("id", producerId, offset + 1)) {
                    return false;
                }
                offset++;
                return true;
            }
            List<String> there = sent.get(to);
            String value = to.topic() + there.size();
            return broker.send(to, "id", producerId, there.size(), value) && there.add(value);
        }

        Set<BranchContent> acknowledged() {
            Set<BranchContent> all = new HashSet<>();
            sent.forEach((tp, values) -> {
                if (!values.isEmpty()) {
                    all.add(new BranchContent.Records(broker.topicId(tp), tp.partition(), values.size() - 1));
                }
            });
            if (offset >= 0) {
                all.add(new BranchContent.Offset("g", T, offset));
            }
            return all;
        }
    }

    private static void run(Random random, boolean onePhase) {
        PowerCutBroker broker = new PowerCutBroker();
        Client client = new Client(broker);
        broker.flush();
        boolean going = true;
        for (int steps = 1 + random.nextInt(6); going && steps > 0; steps--) {
            going = client.step(random);
            if (random.nextInt(3) == 0) {
                broker.powerCut(random.nextBoolean() ? random : PrepareCrashTest.NOTHING);
                broker.start();
            }
        }
        BranchRequest branch = new BranchRequest("id", client.producerId, (short) 0, new BranchId(1, new byte[] {1}, new byte[] {2}), "crm");
        boolean committed = going && end(broker, branch, client.acknowledged(), onePhase);
        if (!committed) {
            broker.call(() -> broker.coordinator().branches().decide(branch, false));
        }
        broker.advance(TIMEOUT_MS + 30_000);
        client.sent.forEach((tp, values) -> assertThat(broker.committed(tp)).as("%s, committed: %s", tp, committed).isEqualTo(committed ? values : List.of()));
        assertThat(broker.offset()).as("offset, committed: %s", committed).isEqualTo(String.valueOf(committed ? client.offset : -1));
    }

    /** @return whether it is committed */
    private static boolean end(PowerCutBroker broker, BranchRequest branch, Set<BranchContent> acknowledged, boolean onePhase) {
        if (onePhase) {
            return broker.call(() -> broker.coordinator().branches().commitInOnePhase(branch, acknowledged)) == XaAnswer.OK;
        }
        if (broker.call(() -> broker.coordinator().branches().prepare(branch, acknowledged)) != XaAnswer.OK) {
            return false;
        }
        assertThat(broker.call(() -> broker.coordinator().branches().decide(branch, true))).isEqualTo(XaAnswer.OK);
        return true;
    }

    @Test
    void whatIsVotedOnIsAllOrNothing() throws Exception {
        Seeds.each(400, 20_000, random -> run(random, random.nextBoolean()));
    }
}
