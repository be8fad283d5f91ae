package org.milena.broker.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.XaAnswer;

/** Branches in doubt for tests of what an operator sees: records of Kafka's own producer, prepared as a transaction manager does. */
public final class PreparedBranches {

    private PreparedBranches() {
    }

    /** A branch with one record, {@code v0}, {@code v1}…, in each partition of a topic of this name. */
    public static BranchRequest prepare(EmbeddedBroker broker, String topic, int partitions, String transactionalId, BranchId xid,
                                        String resourceManager) throws Exception {
        KafkaProducer<String, String> producer = new KafkaProducer<>(broker.properties(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId),
                new StringSerializer(), new StringSerializer());
        try (Admin admin = Admin.create(broker.properties())) {
            create(admin, topic, partitions);
            producer.initTransactions();
            producer.beginTransaction();
            for (int i = 0; i < partitions; i++) {
                producer.send(new ProducerRecord<>(topic, i, null, "v" + i)).get(30, TimeUnit.SECONDS);
            }
            TransactionDescription open = admin.describeTransactions(List.of(transactionalId)).description(transactionalId).get(30, TimeUnit.SECONDS);
            BranchRequest branch = new BranchRequest(transactionalId, open.producerId(), (short) open.producerEpoch(), xid, resourceManager);
            XaAnswer answer = broker.broker().transactions().branches().prepare(branch, Set.of()).get(30, TimeUnit.SECONDS);
            if (answer != XaAnswer.OK) {
                throw new AssertionError("The vote is " + answer);
            }
            return branch;
        } finally {
            producer.close(Duration.ZERO); // it would try for ever to abort what is prepared
        }
    }

    private static void create(Admin admin, String topic, int partitions) throws Exception {
        try {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw e;
            }
        }
    }

    /** What its transaction manager is told when it wants to commit; waits while markers are on their way. */
    public static XaAnswer commit(EmbeddedBroker broker, BranchRequest branch) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        XaAnswer answer;
        do {
            answer = broker.broker().transactions().branches().decide(branch, true).get(30, TimeUnit.SECONDS);
        } while (answer == XaAnswer.UNAVAILABLE && System.nanoTime() < deadline);
        return answer;
    }

    /** What read_committed readers see of partition 0, once nothing there is undecided any more. */
    public static List<String> committed(EmbeddedBroker broker, String topic) throws Exception {
        return committed(broker, new TopicPartition(topic, 0));
    }

    public static List<String> committed(EmbeddedBroker broker, TopicPartition partition) throws Exception {
        List<String> values = new ArrayList<>();
        try (Admin admin = Admin.create(broker.properties());
             KafkaConsumer<String, String> consumer = new KafkaConsumer<>(broker.properties(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"),
                     new StringDeserializer(), new StringDeserializer())) {
            ListOffsetsResultInfo end = admin.listOffsets(Map.of(partition, OffsetSpec.latest())).partitionResult(partition).get(30, TimeUnit.SECONDS);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (consumer.position(partition) < end.offset()) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("Readers are held back at " + consumer.position(partition) + " of " + end.offset());
                }
                consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
            }
        }
        return values;
    }
}
