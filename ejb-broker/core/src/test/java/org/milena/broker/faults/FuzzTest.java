package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.network.WireClient;
import org.milena.broker.testing.EmbeddedBroker;

/** Frames of every advertised API and version with some bytes wrong: an error or a closed connection, and nothing else. */
class FuzzTest {

    @TempDir
    Path dir;

    private final Queue<String> complaints = new ConcurrentLinkedQueue<>();

    /** Every error that anybody logs, with the text of its cause. */
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord log) {
            boolean ours = log.getLoggerName() != null && log.getLoggerName().startsWith("org.milena");
            if (log.getLevel().intValue() >= Level.SEVERE.intValue() || !ours && log.getThrown() != null) {
                Throwable thrown = log.getThrown();
                complaints.add(log.getLoggerName() + ": " + log.getMessage() + " " + thrown
                        + (thrown == null ? "" : " at " + List.of(thrown.getStackTrace()).stream().limit(12).toList()));
            }
        }

        @Override
        public void flush() {
        }

        @Override
        public void close() {
        }
    };

    @Test
    void mutatedFramesOfEveryApiAndVersionHarmNobody() throws Exception {
        Random random = new Random(Scene.seed("FuzzTest"));
        Logger.getLogger("").addHandler(handler);
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of("num.partitions", "1"))) {
            int port = broker.port();
            Scene.createTopic(port, "t", 1, Map.of());
            TopicPartition partition = new TopicPartition("healthy", 0);
            Scene.createTopic(port, "healthy", 1, Map.of());
            Set<String> threads = threads();
            List<ByteBuffer> frames = frames(port);
            int rounds = Scene.count(6, 40);
            try (var producer = Scene.producer(port)) {
                for (int round = 0; round < rounds; round++) {
                    for (ByteBuffer frame : frames) {
                        attack(port, frame, random);
                    }
                    assertThat(Scene.get(Scene.send(producer, partition, "v" + round)).offset()).isEqualTo(round);
                }
            }
            assertThat(Scene.readAll(port, partition)).hasSize(rounds);
            System.out.println("FuzzTest: " + frames.size() * rounds + " connections");
            assertThat(threads()).as("no thread died").containsAll(threads);
            Scene.await("no connection is left", () -> broker.broker().server().connectionCount() == 0);
            Scene.await("no request is left in memory", () -> broker.broker().server().requestMemoryInUse() == 0);
            Scene.await("every buffer has been given back", () -> broker.broker().server().directMemoryInUse() == 0);
        } finally {
            Logger.getLogger("").removeHandler(handler);
        }
        assertThat(openFilesBelow(dir)).as("files still open").isEmpty();
        assertThat(complaints.stream().distinct().limit(5).toList()).as("errors logged").isEmpty();
    }

    private static Set<String> threads() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName)
                .filter(n -> n.startsWith("milena-control") || n.startsWith("milena-data") || n.startsWith("milena-coordinator") || n.startsWith("milena-flusher"))
                .collect(Collectors.toSet());
    }

    private static List<String> openFilesBelow(Path dir) throws IOException {
        Path fds = Path.of("/proc/self/fd");
        if (!Files.isDirectory(fds)) {
            return List.of();
        }
        List<String> open = new ArrayList<>();
        try (Stream<Path> all = Files.list(fds)) {
            for (Path fd : all.toList()) {
                try {
                    open.add(Files.readSymbolicLink(fd).toString());
                } catch (IOException closed) {
                    // meanwhile
                }
            }
        }
        return open.stream().filter(f -> f.startsWith(dir.toString())).toList();
    }

    /** A valid frame of every API and version. */
    private static List<ByteBuffer> frames(int port) throws IOException {
        ApiVersionsResponseData versions;
        try (WireClient client = new WireClient(port)) {
            versions = (ApiVersionsResponseData) client.call(ApiKeys.API_VERSIONS, 0, new ApiVersionsRequestData());
        }
        List<ByteBuffer> frames = new ArrayList<>();
        for (ApiVersionsResponseData.ApiVersion api : versions.apiKeys()) {
            ApiKeys key = ApiKeys.forId(api.apiKey());
            for (short version = (short) Math.max(api.minVersion(), key.oldestVersion()); version <= api.maxVersion(); version++) {
                frames.add(WireClient.frame(key, version, 1, key.messageType.newRequest()));
                ApiMessage richer = richer(key, version);
                if (richer != null) {
                    frames.add(WireClient.frame(key, version, 1, richer));
                }
            }
        }
        return frames;
    }

    private static ApiMessage richer(ApiKeys key, short version) {
        switch (key) {
            case PRODUCE: {
                MemoryRecords records = MemoryRecords.withRecords(version < 7 ? Compression.NONE : Compression.lz4().build(),
                        new SimpleRecord("some bytes to break".getBytes()), new SimpleRecord("and some more".getBytes()));
                ProduceRequestData request = new ProduceRequestData().setAcks((short) 1).setTimeoutMs(1000);
                ProduceRequestData.TopicProduceData topic = version < 13 ? new ProduceRequestData.TopicProduceData().setName("t")
                        : new ProduceRequestData.TopicProduceData().setTopicId(org.apache.kafka.common.Uuid.randomUuid());
                topic.partitionData().add(new ProduceRequestData.PartitionProduceData().setRecords(records));
                request.topicData().add(topic);
                return request;
            }
            case FETCH: {
                FetchRequestData request = new FetchRequestData().setMaxBytes(1 << 20).setMaxWaitMs(100);
                FetchRequestData.FetchTopic topic = version < 13 ? new FetchRequestData.FetchTopic().setTopic("t")
                        : new FetchRequestData.FetchTopic().setTopicId(org.apache.kafka.common.Uuid.randomUuid());
                topic.partitions().add(new FetchRequestData.FetchPartition().setPartitionMaxBytes(1 << 20));
                request.topics().add(topic);
                return request;
            }
            case LIST_OFFSETS: {
                ListOffsetsRequestData request = new ListOffsetsRequestData().setReplicaId(-1);
                ListOffsetsRequestData.ListOffsetsTopic topic = new ListOffsetsRequestData.ListOffsetsTopic().setName("t");
                topic.partitions().add(new ListOffsetsRequestData.ListOffsetsPartition().setTimestamp(1));
                request.topics().add(topic);
                return request;
            }
            default:
                return null;
        }
    }

    /** One connection: a few mutants, and then it is gone, whether they were answered or not. */
    private static void attack(int port, ByteBuffer frame, Random random) throws IOException {
        try (WireClient client = new WireClient(port)) {
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                client.send(mutated(frame, random));
            }
            if (random.nextInt(4) == 0) {
                client.patience(500); // a mutant may have the broker wait for the rest of it
                client.call(ApiKeys.API_VERSIONS, 0, new ApiVersionsRequestData());
            }
        } catch (IOException | RuntimeException | AssertionError closedOrOtherAnswer) {
            // all are allowed
        }
    }

    private static byte[] mutated(ByteBuffer frame, Random random) {
        byte[] bytes = new byte[frame.remaining()];
        frame.duplicate().get(bytes);
        int header = 8; // the frame's size, API key and version stay what they are, most of the time
        int from = random.nextInt(20) == 0 ? 0 : Math.min(header, bytes.length - 1);
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            int at = from + random.nextInt(bytes.length - from);
            int kind = random.nextInt(4);
            if (kind == 0 && at + 4 <= bytes.length) {
                ByteBuffer.wrap(bytes).putInt(at, random.nextBoolean() ? Integer.MAX_VALUE : random.nextInt());
            } else {
                bytes[at] = (byte) (kind == 1 ? bytes[at] ^ 1 << random.nextInt(8) : kind == 2 ? 0xff : random.nextInt(256));
            }
        }
        if (random.nextInt(6) == 0) { // shorter than it was, and honest about it
            int length = 4 + random.nextInt(bytes.length - 3);
            byte[] cut = java.util.Arrays.copyOf(bytes, length);
            ByteBuffer.wrap(cut).putInt(0, length - 4);
            return cut;
        }
        return bytes;
    }
}
