package org.milena.tests.clients;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

/**
 * The driver of the Java client (the contract is in drivers/README.md). It runs in a JVM of its own with the jars of
 * some release, from 2.0.1 up, so it uses only what was there in 2.0.1. Arguments named {@code config.KEY} go to the client.
 */
public final class JavaDriver {
    static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    final Map<String, String> options = new HashMap<>();

    private JavaDriver(String bootstrap, List<String> arguments) {
        options.put("config.bootstrap.servers", bootstrap);
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            options.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
    }

    public static void main(String[] args) throws Exception {
        JavaDriver driver = new JavaDriver(args[1], Arrays.asList(args).subList(2, args.length));
        switch (args[0]) {
            case "produce" -> driver.produce();
            case "consume" -> driver.consume();
            case "member" -> driver.member();
            case "time" -> driver.time();
            case "transact" -> new JavaTransactions(driver).transact();
            case "transform" -> new JavaTransactions(driver).transform();
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    Properties config(String... pairs) {
        Properties config = new Properties();
        for (int i = 0; i < pairs.length; i += 2) config.put(pairs[i], pairs[i + 1]);
        options.forEach((key, value) -> {
            if (key.startsWith("config.")) config.put(key.substring("config.".length()), value);
        });
        return config;
    }

    private void produce() throws Exception {
        List<String> lines = new ArrayList<>();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) lines.add(line);
        for (String codec : options.get("codecs").split(",")) {
            String bytes = "org.apache.kafka.common.serialization.ByteArraySerializer";
            Properties config = config("key.serializer", bytes, "value.serializer", bytes, "acks", "all", "linger.ms", "20",
                "compression.type", codec, "enable.idempotence", options.getOrDefault("idempotent", "false"), "max.request.size", "2000000");
            try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(config)) {
                List<Future<?>> sent = new ArrayList<>();
                for (String line : lines) sent.add(producer.send(record(options.get("topic") + "." + codec, line.split("\t", -1))));
                for (Future<?> future : sent) future.get();
            }
        }
    }

    static ProducerRecord<byte[], byte[]> record(String topic, String[] fields) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, Integer.valueOf(fields[0]), Long.valueOf(fields[1]),
            decode(fields[2]), decode(fields[3]));
        for (String pair : fields[4].isEmpty() ? new String[0] : fields[4].split(";")) {
            int colon = pair.indexOf(':');
            record.headers().add(pair.substring(0, colon), decode(pair.substring(colon + 1)));
        }
        return record;
    }

    KafkaConsumer<byte[], byte[]> consumer() {
        String bytes = "org.apache.kafka.common.serialization.ByteArrayDeserializer";
        Properties config = config("key.deserializer", bytes, "value.deserializer", bytes, "auto.offset.reset", "earliest",
            "enable.auto.commit", "false", "metadata.max.age.ms", "1000", "fetch.max.wait.ms", "100");
        if (!"consumer".equals(options.get("config.group.protocol"))) config.put("heartbeat.interval.ms", "300");
        if (options.containsKey("isolation")) config.put("isolation.level", options.get("isolation"));
        if (options.containsKey("group")) config.put("group.id", options.get("group"));
        return new KafkaConsumer<>(config);
    }

    private void consume() {
        int left = Integer.parseInt(options.get("count"));
        Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            consumer.subscribe(Arrays.asList(options.get("topics").split(",")));
            while (left > 0) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
                    if (left-- <= 0) break;
                    show(record);
                    ends.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1, "by the Java driver"));
                }
            }
            consumer.commitSync(ends);
        }
    }

    private void member() throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            consumer.subscribe(Arrays.asList(options.get("topics").split(",")), new Assignments(consumer));
            while (!inputEnded()) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(200));
                for (ConsumerRecord<byte[], byte[]> record : records) show(record);
                if (!records.isEmpty()) consumer.commitSync();
            }
        }
    }

    private Thread input;

    private boolean inputEnded() {
        if (input == null) {
            input = new Thread(() -> {
                try {
                    while (System.in.read() >= 0) continue;
                } catch (IOException end) {
                    // as good as its end
                }
            });
            input.setDaemon(true);
            input.start();
        }
        return !input.isAlive();
    }

    private void time() {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            TopicPartition partition = new TopicPartition(options.get("topic"), Integer.parseInt(options.get("partition")));
            OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(partition, Long.valueOf(options.get("timestamp")))).get(partition);
            OUT.println("offset\t" + (found == null ? -1 : found.offset()));
        }
    }

    private static void show(ConsumerRecord<byte[], byte[]> record) {
        List<String> headers = new ArrayList<>();
        for (Header header : record.headers()) headers.add(header.key() + ":" + encode(header.value()));
        OUT.println(String.join("\t", "record", record.topic(), Integer.toString(record.partition()), Long.toString(record.offset()),
            Long.toString(record.timestamp()), encode(record.key()), encode(record.value()), String.join(";", headers)));
    }

    private static byte[] decode(String text) {
        return text.equals("-") ? null : Base64.getDecoder().decode(text);
    }

    private static String encode(byte[] data) {
        return data == null ? "-" : Base64.getEncoder().encodeToString(data);
    }

    /** Prints the whole assignment after each change of it, also where an assignor hands out only the difference. */
    private record Assignments(KafkaConsumer<?, ?> consumer) implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> revoked) { }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
            List<String> all = new ArrayList<>();
            for (TopicPartition partition : consumer.assignment()) all.add(partition.toString());
            all.sort(null);
            all.add(0, "assigned");
            OUT.println(String.join("\t", all));
        }
    }
}
