package org.milena.compat;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.testing.KafkaPeer;
import org.milena.compat.TransactionClient.Producer;

/**
 * The same random requests to our transaction coordinator and to a real Apache Kafka's, with right, old, coming and strange producer ids and
 * epochs: the same answers and the same states, step by step. Then our broker opens Kafka's directory, and knows what Kafka knew.
 * {@code -Dseed=} repeats a run, {@code -Dtransaction.steps=} makes it longer.
 */
class TransactionsAsKafkaTest {

    private static final int PORT = Integer.getInteger("kafka.peer.port", 21020);
    private static final int STEPS = Integer.getInteger("transaction.steps", 600);
    private static final List<String> IDS = List.of("x", "y");

    @TempDir
    private Path directory;

    /** One request, and the state afterwards. */
    private interface Step {
        String take(TransactionClient client) throws Exception;
    }

    @Test
    void ourCoordinatorAnswersAsKafkas() throws Exception {
        long seed = Long.getLong("seed", new Random().nextLong());
        Path kafkasLogs;
        try (KafkaPeer kafka = new KafkaPeer(directory.resolve("kafka"), PORT); EmbeddedBroker ours = EmbeddedBroker.start(directory.resolve("ours"))) {
            kafka.start();
            kafkasLogs = kafka.logDirectory();
            createTopic(kafka.bootstrap());
            createTopic(ours.bootstrap());
            try (TransactionClient theirs = new TransactionClient(PORT); TransactionClient mine = new TransactionClient(ours.port())) {
                for (String id : IDS) {
                    theirs.findCoordinator(id);
                    mine.findCoordinator(id);
                }
                compare(theirs, mine, new Random(seed), seed);
                kafka.stop();
                knowsWhatKafkaKnew(kafkasLogs, mine);
            }
        }
    }

    private static void createTopic(String bootstrap) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        try (Admin admin = Admin.create(properties)) {
            admin.createTopics(List.of(new NewTopic("t", 3, (short) 1))).all().get(60, TimeUnit.SECONDS);
        }
    }

    private static void compare(TransactionClient theirs, TransactionClient mine, Random random, long seed) throws Exception {
        List<String> done = new ArrayList<>();
        for (int i = 0; i < STEPS; i++) {
            int known = mine.producers.size();
            // Mostly one of the last few: those that may be right.
            int which = random.nextInt(6) > 0 ? known - 1 - random.nextInt(Math.min(3, known)) : random.nextInt(known);
            int delta = random.nextInt(8) == 0 ? random.nextInt(3) - 1 : 0;
            Step step = step(random, which, delta, done);
            assertThat(step.take(mine)).as("-Dseed=%d, step %d: %s, after %s", seed, i, done.get(i), done.subList(Math.max(0, i - 5), i))
                    .isEqualTo(step.take(theirs));
        }
    }

    private static Step step(Random random, int which, int delta, List<String> done) {
        String id = IDS.get(random.nextInt(IDS.size()));
        int version = 3 + random.nextInt(3);
        boolean flag = random.nextBoolean();
        int partition = random.nextInt(3);
        int operation = random.nextInt(10);
        String who = " of " + id + ", version " + version + ", as producer " + which + (delta == 0 ? "" : ", epoch " + delta + " further");
        Step step;
        if (operation < 2) {
            done.add("init" + who + (flag ? " resuming" : ""));
            step = client -> client.init(id, version, flag ? producer(client, which, delta) : null);
        } else if (operation < 6) {
            done.add("add " + partition + who);
            step = client -> client.add(id, version, producer(client, which, delta), partition);
        } else {
            done.add((flag ? "commit" : "abort") + who);
            step = client -> client.end(id, version, producer(client, which, delta), flag);
        }
        return client -> step.take(client) + ", then " + client.describe(id);
    }

    private static Producer producer(TransactionClient client, int which, int delta) {
        return client.producers.get(which).plus(delta);
    }

    private void knowsWhatKafkaKnew(Path kafkasLogs, TransactionClient mine) throws Exception {
        try (EmbeddedBroker heir = EmbeddedBroker.start(directory.resolve("heir"), new InMemoryMetadataStore(), Map.of("log.dirs", kafkasLogs.toString()));
                TransactionClient client = new TransactionClient(heir.port())) {
            for (String id : IDS) {
                client.findCoordinator(id);
                String[] theirs = client.describe(id).split(" ");
                String[] ours = mine.describe(id).split(" ");
                theirs[2] = theirs[2].replaceFirst("^\\d+", "");
                ours[2] = ours[2].replaceFirst("^\\d+", "");
                assertThat(theirs).as(id).isEqualTo(ours);
            }
        }
    }
}
