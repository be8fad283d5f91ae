package org.milena.broker.topic;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.BrokerNotAvailableException;
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

    /**
     * Makes the logs of a new topic, with its settings beside them. Then, on the serial executor, {@code register} brings it into the
     * database and the publication shows it. When any of that fails, what was made is taken away again.
     */
    CompletableFuture<Void> create(TopicImage topic, Publication publication, Runnable register, Supplier<TopicImage> image) {
        return make(topic, topic.partitions(), true, publication, register, image);
    }

    /** As {@link #create}, of partitions added to a topic. */
    CompletableFuture<Void> add(TopicImage topic, List<PartitionImage> partitions, Publication publication, Runnable register,
                                Supplier<TopicImage> image) {
        return make(topic, partitions, false, publication, register, image);
    }

    private CompletableFuture<Void> make(TopicImage topic, List<PartitionImage> partitions, boolean withSettings, Publication publication,
                                         Runnable register, Supplier<TopicImage> image) {
        CompletableFuture<Void> made;
        try {
            Map<LogDirectory, List<PartitionImage>> places = places(topic, partitions);
            Publication.Share share = publication.enter(Set.copyOf(places.keySet()));
            made = makeLogs(topic, places, withSettings).handleAsync((done, error) -> {
                if (error == null) {
                    error = register(register);
                }
                if (error == null) {
                    return share.show(image);
                }
                share.leave();
                return CompletableFuture.<Void>failedFuture(TopicChanges.cause(error));
            }, context.serial()).thenCompose(shown -> shown);
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

    private static Throwable register(Runnable register) {
        try {
            register.run();
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    private Map<LogDirectory, List<PartitionImage>> places(TopicImage topic, List<PartitionImage> partitions) {
        Map<LogDirectory, List<PartitionImage>> places = new LinkedHashMap<>();
        for (PartitionImage partition : partitions) {
            TopicPartition tp = new TopicPartition(topic.name(), partition.index());
            places.computeIfAbsent(context.logs().place(tp, true), d -> new ArrayList<>()).add(partition);
        }
        return places;
    }

    private CompletableFuture<Void> makeLogs(TopicImage topic, Map<LogDirectory, List<PartitionImage>> places, boolean withSettings) {
        LogConfig config = LogConfigs.of(context.config().get(), topic.configs(), topic.configsHeld());
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
        places.forEach((directory, part) -> parts.add(start(() -> work.accept(directory, part), context.disks().apply(directory))));
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new));
    }

    private static CompletableFuture<Void> start(Runnable work, Executor disk) {
        try {
            return CompletableFuture.runAsync(work, disk);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(new BrokerNotAvailableException("The broker is stopping", e));
        }
    }
}
