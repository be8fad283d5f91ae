package org.milena.tests.clients;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/** A record as a test means it; bytes as Base64 so that equality and failure messages work. {@code "-"} is null. */
record Rec(int partition, long timestamp, String key, String value, String headers) {

    static Rec of(int partition, long timestamp, String key, String value) {
        return new Rec(partition, timestamp, base64(key), base64(value), "");
    }

    Rec with(String name, String value) {
        return new Rec(partition, timestamp, key, this.value, (headers.isEmpty() ? "" : headers + ";") + name + ":" + base64(value));
    }

    static Rec of(ConsumerRecord<byte[], byte[]> record) {
        StringJoiner headers = new StringJoiner(";");
        record.headers().forEach(header -> headers.add(header.key() + ":" + base64(header.value())));
        return new Rec(record.partition(), record.timestamp(), base64(record.key()), base64(record.value()), headers.toString());
    }

    ProducerRecord<byte[], byte[]> to(String topic) {
        return new ProducerRecord<>(topic, partition, timestamp, bytes(key), bytes(value));
    }

    /** As drivers read it. */
    String line() {
        return String.join("\t", Integer.toString(partition), Long.toString(timestamp), key, value, headers);
    }

    static String base64(String text) {
        return base64(text == null ? null : text.getBytes(StandardCharsets.UTF_8));
    }

    static String base64(byte[] data) {
        return data == null ? "-" : Base64.getEncoder().encodeToString(data);
    }

    private static byte[] bytes(String base64) {
        return base64.equals("-") ? null : Base64.getDecoder().decode(base64);
    }

    /** Records by partition, so that order within each counts and order between them does not. */
    static Map<Integer, List<Rec>> byPartition(List<Rec> records) {
        return records.stream().collect(Collectors.groupingBy(Rec::partition));
    }

    /** A record as a driver printed it, with where it was read. */
    record Read(String topic, long offset, Rec record) {
        static List<Read> parse(List<String> output) {
            List<Read> all = new ArrayList<>();
            for (String line : output) {
                String[] f = line.split("\t", -1);
                if (f[0].equals("record")) {
                    all.add(new Read(f[1], Long.parseLong(f[3]), new Rec(Integer.parseInt(f[2]), Long.parseLong(f[4]), f[5], f[6], f[7])));
                }
            }
            return all;
        }
    }
}
