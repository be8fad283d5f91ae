package org.milena.tests.clients;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** The transactional commands of {@link JavaDriver}; compiled for 4.4.0, it also runs with the jars of 2.0.1. */
final class JavaTransactions {
    private final JavaDriver driver;
    private final KafkaProducer<byte[], byte[]> producer;

    JavaTransactions(JavaDriver driver) {
        this.driver = driver;
        String bytes = "org.apache.kafka.common.serialization.ByteArraySerializer";
        producer = new KafkaProducer<>(driver.config("key.serializer", bytes, "value.serializer", bytes, "transactional.id", driver.options.get("id")));
        producer.initTransactions();
    }

    void transact() throws Exception {
        JavaDriver.OUT.println("ready");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String answer = "ok";
            try {
                step(line.split("\t", -1));
            } catch (KafkaException e) {
                answer = "error\t" + e.getClass().getSimpleName();
            } catch (ExecutionException e) {
                answer = "error\t" + e.getCause().getClass().getSimpleName();
            }
            JavaDriver.OUT.println(answer);
        }
        producer.close();
    }

    private void step(String[] fields) throws Exception {
        switch (fields[0]) {
            case "begin" -> producer.beginTransaction();
            case "send" -> producer.send(JavaDriver.record(fields[1], Arrays.copyOfRange(fields, 2, fields.length))).get();
            case "commit" -> producer.commitTransaction();
            case "abort" -> producer.abortTransaction();
            default -> throw new IllegalArgumentException(fields[0]);
        }
    }

    void transform() throws Exception {
        int left = Integer.parseInt(driver.options.get("count"));
        driver.options.put("isolation", "read_committed");
        try (KafkaConsumer<byte[], byte[]> consumer = driver.consumer()) {
            consumer.subscribe(List.of(driver.options.get("input")));
            while (left > 0) {
                List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
                for (int start = 0; start < records.size() && left > 0; ) {
                    List<ConsumerRecord<byte[], byte[]>> some = records.subList(start, Math.min(records.size(), start + Math.min(5, left)));
                    start += some.size();
                    left -= some.size();
                    transform(consumer, some, left == 0 && "true".equals(driver.options.get("crash")));
                }
            }
        }
        producer.close();
    }

    private void transform(KafkaConsumer<byte[], byte[]> consumer, List<ConsumerRecord<byte[], byte[]>> records, boolean crash) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
        producer.beginTransaction();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            producer.send(new ProducerRecord<>(driver.options.get("output"), record.partition(), record.timestamp(), record.key(), record.value()));
            ends.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
        }
        sendOffsets(consumer, ends);
        if (crash) {
            producer.flush();
            consumer.close();
            JavaDriver.OUT.println("left open\t" + records.size());
            Runtime.getRuntime().halt(0);
        }
        producer.commitTransaction();
    }

    /** With the member's identity since 2.5; before, with the group's name alone. */
    private void sendOffsets(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, OffsetAndMetadata> ends) throws ReflectiveOperationException {
        try {
            producer.sendOffsetsToTransaction(ends, consumer.groupMetadata());
        } catch (NoSuchMethodError before25) {
            KafkaProducer.class.getMethod("sendOffsetsToTransaction", Map.class, String.class).invoke(producer, ends, driver.options.get("group"));
        }
    }
}
