import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What a broker makes of many small writes that must each be on disk: producers with one request in flight each, one record a
 * request, all to one partition of a topic with flush.messages=1.
 *
 * <p>Arguments: producers, seconds a round, rounds, then LABEL=BOOTSTRAP for each broker. Rounds are interleaved and their order is
 * turned each time; the first round of each broker warms up and is not counted. Prints every round, then the medians.
 */
public final class GroupCommit {

    private record Broker(String label, String bootstrap, String topic, List<KafkaProducer<byte[], byte[]>> producers, List<Result> results) {
    }

    private record Result(double rate, double p50, double p99) {
    }

    public static void main(String[] args) throws Exception {
        int producers = Integer.parseInt(args[0]);
        int seconds = Integer.parseInt(args[1]);
        int rounds = Integer.parseInt(args[2]);
        List<Broker> brokers = new ArrayList<>();
        for (String broker : Arrays.asList(args).subList(3, args.length)) {
            brokers.add(connect(broker.split("=", 2)[0], broker.split("=", 2)[1], producers));
        }
        for (int round = 0; round <= rounds; round++) {
            for (int i = 0; i < brokers.size(); i++) {
                Broker broker = brokers.get(round % 2 == 0 ? i : brokers.size() - 1 - i);
                Result result = run(broker, seconds);
                System.out.printf("%s round %d: %.0f records/s, p50 %.2f ms, p99 %.2f ms%s%n", broker.label, round, result.rate, result.p50,
                        result.p99, round == 0 ? " (warm-up)" : "");
                if (round > 0) {
                    broker.results.add(result);
                }
            }
        }
        for (Broker broker : brokers) {
            System.out.printf("%s median: %.0f records/s, p50 %.2f ms, p99 %.2f ms%n", broker.label, median(broker, 0), median(broker, 1), median(broker, 2));
        }
        if (brokers.size() == 2) {
            System.out.printf("ratio %.2f%n", median(brokers.get(0), 0) / median(brokers.get(1), 0));
        }
        for (Broker broker : brokers) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap))) {
                admin.deleteTopics(List.of(broker.topic)).all().get();
            }
            broker.producers.forEach(KafkaProducer::close);
        }
    }

    private static Broker connect(String label, String bootstrap, int producers) throws Exception {
        String topic = "group-commit-" + System.currentTimeMillis();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(Map.of("flush.messages", "1")))).all().get();
        }
        Properties config = new Properties();
        config.put("bootstrap.servers", bootstrap);
        config.put("acks", "all");
        config.put("linger.ms", "0");
        config.put("batch.size", "0");
        config.put("max.in.flight.requests.per.connection", "1");
        config.put("buffer.memory", "1048576");
        List<KafkaProducer<byte[], byte[]>> connected = new ArrayList<>();
        for (int i = 0; i < producers; i++) {
            connected.add(new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()));
        }
        // one record each, one after the other: connects, and keeps clear of KAFKA-15591 on the new partition
        for (KafkaProducer<byte[], byte[]> producer : connected) {
            producer.send(new ProducerRecord<>(topic, 0, null, new byte[100])).get();
        }
        return new Broker(label, bootstrap, topic, connected, new ArrayList<>());
    }

    private static Result run(Broker broker, int seconds) throws Exception {
        CountDownLatch ready = new CountDownLatch(broker.producers.size());
        CountDownLatch go = new CountDownLatch(1);
        AtomicReference<Exception> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        List<long[]> latencies = new ArrayList<>();
        for (KafkaProducer<byte[], byte[]> producer : broker.producers) {
            Thread thread = new Thread(() -> {
                try {
                    ready.countDown();
                    go.await();
                    long[] mine = produce(producer, broker.topic, seconds * 1_000_000_000L);
                    synchronized (latencies) {
                        latencies.add(mine);
                    }
                } catch (Exception e) {
                    failure.set(e);
                }
            });
            threads.add(thread);
            thread.start();
        }
        ready.await();
        long start = System.nanoTime();
        go.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw failure.get();
        }
        double elapsed = (System.nanoTime() - start) / 1e9;
        long[] all = latencies.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        LockSupport.parkNanos(500_000_000L);
        return new Result(all.length / elapsed, all[all.length / 2] / 1e6, all[(int) (all.length * 0.99)] / 1e6);
    }

    private static long[] produce(KafkaProducer<byte[], byte[]> producer, String topic, long nanos) throws Exception {
        long[] latencies = new long[1024];
        int count = 0;
        byte[] value = new byte[100];
        long end = System.nanoTime() + nanos;
        for (long before = System.nanoTime(); before < end; before = System.nanoTime()) {
            producer.send(new ProducerRecord<>(topic, 0, null, value)).get();
            if (count == latencies.length) {
                latencies = Arrays.copyOf(latencies, count * 2);
            }
            latencies[count++] = System.nanoTime() - before;
        }
        return Arrays.copyOf(latencies, count);
    }

    private static double median(Broker broker, int field) {
        double[] values = broker.results.stream().mapToDouble(r -> field == 0 ? r.rate : field == 1 ? r.p50 : r.p99).sorted().toArray();
        return values.length % 2 == 1 ? values[values.length / 2] : (values[values.length / 2 - 1] + values[values.length / 2]) / 2;
    }
}
