package org.milena.tests.streams;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * A Streams application in a JVM of its own: lines of topic {@code input}, words repartitioned, counted in a store with a
 * changelog, to topic {@code output}. Arguments: bootstrap, application id, state directory, input, output, processing guarantee. Prints
 * {@code restored N} for each restored partition of the store and {@code running}; each line on its input asks for a
 * word's count out of the store. It stops when its input ends.
 */
public final class WordCount {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private WordCount() { }

    public static void main(String[] args) throws Exception {
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(args[3], Consumed.with(Serdes.String(), Serdes.String()))
            .flatMapValues(line -> Arrays.asList(line.toLowerCase(Locale.ROOT).split(" ")))
            .groupBy((key, word) -> word, Grouped.with("words", Serdes.String(), Serdes.String()))
            .count(Materialized.as("counts"))
            .toStream().to(args[4], Produced.with(Serdes.String(), Serdes.Long()));
        Properties config = new Properties();
        config.put("bootstrap.servers", args[0]);
        config.put("application.id", args[1]);
        config.put("state.dir", args[2]);
        config.put("processing.guarantee", args[5]);
        config.put("commit.interval.ms", 100);
        config.put("consumer.session.timeout.ms", 6000); // a killed one's partitions move soon
        config.put("consumer.heartbeat.interval.ms", 1000);
        config.put("replication.factor", 1);
        config.put("default.key.serde", Serdes.StringSerde.class.getName());
        config.put("statestore.cache.max.bytes", 0);
        KafkaStreams streams = new KafkaStreams(builder.build(), config);
        streams.setGlobalStateRestoreListener(new Restored());
        streams.setStateListener((now, before) -> OUT.println(now.toString().toLowerCase(Locale.ROOT)));
        streams.start();
        byte[] input = new byte[200];
        for (int read = System.in.read(input); read > 0; read = System.in.read(input)) {
            for (String word : new String(input, 0, read, StandardCharsets.UTF_8).trim().split("\n")) {
                ReadOnlyKeyValueStore<String, Long> store = streams.store(
                    StoreQueryParameters.fromNameAndType("counts", QueryableStoreTypes.keyValueStore()));
                OUT.println("count " + word + " " + store.get(word));
            }
        }
        if (!streams.close(Duration.ofSeconds(30))) System.exit(1);
    }

    private static final class Restored implements org.apache.kafka.streams.processor.StateRestoreListener {
        @Override
        public void onRestoreStart(org.apache.kafka.common.TopicPartition partition, String store, long start, long end) { }

        @Override
        public void onBatchRestored(org.apache.kafka.common.TopicPartition partition, String store, long end, long count) { }

        @Override
        public void onRestoreEnd(org.apache.kafka.common.TopicPartition partition, String store, long total) {
            OUT.println("restored " + total);
        }
    }
}
