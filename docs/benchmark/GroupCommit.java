import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
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
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceDataCollection;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.ProduceRequest;
import org.apache.kafka.common.requests.ProduceResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What a broker makes of many small writes that must each be on disk: producers with one request in flight each, one record a
 * request, all to one partition of a topic with flush.messages=1.
 *
 * <p>Arguments: "java" or "socket", producers, seconds a round, rounds, then LABEL=BOOTSTRAP for each broker. Rounds are interleaved and
 * their order is turned each time; the first round of each broker warms up and is not counted. Prints every round, with the CPU time of
 * this process for each record, then the medians.
 *
 * <p>"java" are KafkaProducers: two threads each, which take most of the CPU where broker and clients share a small machine. "socket" are
 * connections that write one request, made by Kafka's own classes, read the answer and look at its error: what the broker can do.
 */
public final class GroupCommit {

    private record Broker(String label, String bootstrap, String topic, List<Producer> producers, List<Result> results) {
    }

    private record Result(double rate, double p50, double p99, double clientMicros) {
    }

    /** Sends records of 100 bytes, one at a time: each is on disk when {@link #send} returns. */
    private interface Producer extends AutoCloseable {
        void send() throws Exception;
    }

    public static void main(String[] args) throws Exception {
        boolean sockets = args[0].equals("socket");
        int producers = Integer.parseInt(args[1]);
        int seconds = Integer.parseInt(args[2]);
        int rounds = Integer.parseInt(args[3]);
        List<Broker> brokers = new ArrayList<>();
        for (String broker : Arrays.asList(args).subList(4, args.length)) {
            brokers.add(connect(broker.split("=", 2)[0], broker.split("=", 2)[1], producers, sockets));
        }
        for (int round = 0; round <= rounds; round++) {
            for (int i = 0; i < brokers.size(); i++) {
                Broker broker = brokers.get(round % 2 == 0 ? i : brokers.size() - 1 - i);
                Result result = run(broker, seconds);
                System.out.printf("%s round %d: %.0f records/s, p50 %.2f ms, p99 %.2f ms, client %.0f us CPU a record%s%n", broker.label, round,
                        result.rate, result.p50, result.p99, result.clientMicros, round == 0 ? " (warm-up)" : "");
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
            for (Producer producer : broker.producers) {
                producer.close();
            }
        }
    }

    private static Broker connect(String label, String bootstrap, int producers, boolean sockets) throws Exception {
        String topic = "group-commit-" + System.currentTimeMillis();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(Map.of("flush.messages", "1")))).all().get();
        }
        // one record each, one after the other: connects, and keeps clear of KAFKA-15591 on the new partition
        try (Producer first = new JavaProducer(bootstrap, topic)) {
            first.send();
        }
        List<Producer> connected = new ArrayList<>();
        for (int i = 0; i < producers; i++) {
            connected.add(sockets ? new SocketProducer(bootstrap, topic) : new JavaProducer(bootstrap, topic));
            connected.get(i).send();
        }
        return new Broker(label, bootstrap, topic, connected, new ArrayList<>());
    }

    private static final class JavaProducer implements Producer {

        private final KafkaProducer<byte[], byte[]> producer;
        private final String topic;
        private final byte[] value = new byte[100];

        JavaProducer(String bootstrap, String topic) {
            Properties config = new Properties();
            config.put("bootstrap.servers", bootstrap);
            config.put("acks", "all");
            config.put("linger.ms", "0");
            config.put("batch.size", "0");
            config.put("max.in.flight.requests.per.connection", "1");
            config.put("buffer.memory", "1048576");
            this.producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
            this.topic = topic;
        }

        @Override
        public void send() throws Exception {
            producer.send(new ProducerRecord<>(topic, 0, null, value)).get();
        }

        @Override
        public void close() {
            producer.close();
        }
    }

    private static final class SocketProducer implements Producer {

        private static final short VERSION = 12;   // the last that names topics

        private final SocketChannel channel;
        private final ByteBuffer request;
        private final ByteBuffer size = ByteBuffer.allocate(4);
        private ByteBuffer response = ByteBuffer.allocate(1024);

        SocketProducer(String bootstrap, String topic) throws IOException {
            int colon = bootstrap.lastIndexOf(':');
            channel = SocketChannel.open(new InetSocketAddress(bootstrap.substring(0, colon), Integer.parseInt(bootstrap.substring(colon + 1))));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            MemoryRecords records = MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(System.currentTimeMillis(), null, new byte[100]));
            TopicProduceData data = new TopicProduceData().setName(topic)
                    .setPartitionData(List.of(new PartitionProduceData().setIndex(0).setRecords(records)));
            ProduceRequestData body = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(30_000)
                    .setTopicData(new TopicProduceDataCollection(List.of(data).iterator()));
            ByteBuffer bytes = new ProduceRequest(body, VERSION).serializeWithHeader(new RequestHeader(ApiKeys.PRODUCE, VERSION, "group-commit", 1));
            request = ByteBuffer.allocateDirect(4 + bytes.remaining()).putInt(bytes.remaining()).put(bytes).flip();
        }

        @Override
        public void send() throws IOException {
            request.rewind();
            while (request.hasRemaining()) {
                channel.write(request);
            }
            read(size.clear());
            int length = size.getInt(0);
            if (response.capacity() < length) {
                response = ByteBuffer.allocate(length);
            }
            read(response.clear().limit(length));
            response.flip();
            ResponseHeader.parse(response, ApiKeys.PRODUCE.responseHeaderVersion(VERSION));
            Errors error = Errors.forCode(ProduceResponse.parse(new ByteBufferAccessor(response), VERSION).data().responses().iterator().next()
                    .partitionResponses().get(0).errorCode());
            if (error != Errors.NONE) {
                throw new IOException(error.message());
            }
        }

        private void read(ByteBuffer into) throws IOException {
            while (into.hasRemaining()) {
                if (channel.read(into) < 0) {
                    throw new IOException("closed by the broker");
                }
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private static Result run(Broker broker, int seconds) throws Exception {
        CountDownLatch ready = new CountDownLatch(broker.producers.size());
        CountDownLatch go = new CountDownLatch(1);
        AtomicReference<Exception> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        List<long[]> latencies = new ArrayList<>();
        for (Producer producer : broker.producers) {
            Thread thread = new Thread(() -> {
                try {
                    ready.countDown();
                    go.await();
                    long[] mine = produce(producer, seconds * 1_000_000_000L);
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
        long cpu = cpuNanos();
        go.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw failure.get();
        }
        double elapsed = (System.nanoTime() - start) / 1e9;
        cpu = cpuNanos() - cpu;
        long[] all = latencies.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        LockSupport.parkNanos(500_000_000L);
        return new Result(all.length / elapsed, all[all.length / 2] / 1e6, all[(int) (all.length * 0.99)] / 1e6,
                cpu / 1e3 / all.length);
    }

    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static long[] produce(Producer producer, long nanos) throws Exception {
        long[] latencies = new long[1024];
        int count = 0;
        long end = System.nanoTime() + nanos;
        for (long before = System.nanoTime(); before < end; before = System.nanoTime()) {
            producer.send();
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
