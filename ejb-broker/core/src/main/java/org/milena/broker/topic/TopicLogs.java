package org.milena.broker.topic;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;
import org.apache.kafka.common.TopicPartition;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.config.LogConfigs;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.LogDirectory;

/** Makes and removes the logs of topics: each directory's share on that directory's executor, all at the same time. */
final class TopicLogs {

    private final AdminContext context;

    TopicLogs(AdminContext context) {
        this.context = context;
    }

    /** Makes the logs of a new topic, with its settings beside them, and then does as {@link #add}. */
    CompletableFuture<Void> create(TopicImage topic, Runnable register) {
        return make(topic, topic.partitions(), true, register);
    }

    /**
     * Makes the logs of partitions added to a topic; {@code register} then runs on the serial executor. When either fails, what was
     * made is taken away again.
     */
    CompletableFuture<Void> add(TopicImage topic, List<PartitionImage> partitions, Runnable register) {
        return make(topic, partitions, false, register);
    }

    private CompletableFuture<Void> make(TopicImage topic, List<PartitionImage> partitions, boolean withSettings, Runnable register) {
        CompletableFuture<Void> made;
        try {
            made = makeLogs(topic, partitions, withSettings).thenRunAsync(register, context.serial());
        } catch (RuntimeException e) {
            made = CompletableFuture.failedFuture(e);
        }
        return made.exceptionallyCompose(error -> remove(topic, partitions).handle((removed, undo) -> {
            Throwable cause = TopicChanges.cause(error);
            if (undo != null) {
                cause.addSuppressed(undo);
            }
            throw new CompletionException(cause);
        }));
    }

    private CompletableFuture<Void> makeLogs(TopicImage topic, List<PartitionImage> partitions, boolean withSettings) {
        LogConfig config = LogConfigs.of(context.config().get(), topic.configs(), topic.configsHeld());
        Map<LogDirectory, List<PartitionImage>> places = new LinkedHashMap<>();
        for (PartitionImage partition : partitions) {
            TopicPartition tp = new TopicPartition(topic.name(), partition.index());
            places.computeIfAbsent(context.logs().place(tp, true), d -> new ArrayList<>()).add(partition);
        }
        return inEach(places, (directory, part) -> {
            if (withSettings) {
                context.logs().saveTopicConfigs(directory, topic.id(), topic.configs());
            }
            context.partitions().create(topic, part, config);
        });
    }

    /** Those that are not there are passed over. */
    CompletableFuture<Void> remove(TopicImage topic, List<PartitionImage> partitions) {
        context.partitions().stop(topic, partitions);
        Map<LogDirectory, List<PartitionImage>> places = new LinkedHashMap<>();
        for (PartitionImage partition : partitions) {
            context.logs().directory(new TopicPartition(topic.name(), partition.index()))
                    .ifPresent(directory -> places.computeIfAbsent(directory, d -> new ArrayList<>()).add(partition));
        }
        return inEach(places, (directory, part) -> context.partitions().remove(topic, part));
    }

    /** Writes a topic's settings beside its logs. */
    CompletableFuture<Void> save(TopicImage topic) {
        Map<LogDirectory, List<PartitionImage>> all = new LinkedHashMap<>();
        context.logs().directories().forEach(directory -> all.put(directory, topic.partitions()));
        return inEach(all, (directory, part) -> context.logs().saveTopicConfigs(directory, topic.id(), topic.configs()));
    }

    private CompletableFuture<Void> inEach(Map<LogDirectory, List<PartitionImage>> places, BiConsumer<LogDirectory, List<PartitionImage>> work) {
        List<CompletableFuture<Void>> parts = new ArrayList<>();
        places.forEach((directory, part) -> parts.add(CompletableFuture.runAsync(() -> work.accept(directory, part), context.disks().apply(directory))));
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new));
    }
}
