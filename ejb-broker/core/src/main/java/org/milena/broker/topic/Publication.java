package org.milena.broker.topic;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.log.LogDirectory;

/**
 * Shows what one request changed of many topics in one image: each costs a walk over all topics. Changes that wait for the same log
 * directories are shown together, once the last of them is made, or has failed; those in a directory that hangs hold up no others.
 * Called on the serial executor only.
 */
final class Publication {

    /** The changes that wait for the same directories. */
    final class Share {
        private int open;
        private final List<Change> made = new ArrayList<>();

        /**
         * The change is made.
         *
         * @param image asked for when the topic is shown
         * @return completed on the serial executor when it has been
         */
        CompletableFuture<Void> show(Supplier<TopicImage> image) {
            return end(new Change(image, null, new CompletableFuture<>()));
        }

        /** As {@link #show}, of a topic that is deleted. */
        CompletableFuture<Void> hide(TopicImage topic) {
            return end(new Change(null, topic, new CompletableFuture<>()));
        }

        private CompletableFuture<Void> end(Change change) {
            made.add(change);
            leave();
            return change.done;
        }

        /** The change failed. */
        void leave() {
            open--;
            publish();
        }
    }

    /** One of {@code shown} and {@code hidden} is null. */
    private record Change(Supplier<TopicImage> shown, TopicImage hidden, CompletableFuture<Void> done) {
    }

    private final AdminContext context;
    private final Map<Set<LogDirectory>, Share> shares = new HashMap<>();
    private boolean begun;

    Publication(AdminContext context) {
        this.context = context;
    }

    /** A change begins that waits for these directories; it ends with one of the share's methods. */
    Share enter(Set<LogDirectory> directories) {
        Share share = shares.computeIfAbsent(directories, d -> new Share());
        share.open++;
        return share;
    }

    /** All changes of the request have begun, but for those that wait for an earlier one of their topic: these are shown by themselves. */
    void begun() {
        begun = true;
        publish();
    }

    private void publish() {
        if (!begun) {
            return;
        }
        List<Share> ready = shares.values().stream().filter(share -> share.open == 0).toList();
        shares.values().removeAll(ready);
        publish(ready.stream().flatMap(share -> share.made.stream()).toList());
    }

    private void publish(List<Change> changes) {
        List<TopicImage> shown = new ArrayList<>();
        List<TopicImage> hidden = new ArrayList<>();
        for (Change change : changes) {
            try {
                if (change.hidden != null) {
                    hidden.add(change.hidden);
                } else {
                    shown.add(change.shown.get());
                }
            } catch (RuntimeException e) {
                change.done.completeExceptionally(e);
            }
        }
        try {
            if (!shown.isEmpty() || !hidden.isEmpty()) {
                context.cache().publish(MetadataImages.with(MetadataImages.without(context.image(), hidden), shown));
            }
            changes.forEach(change -> change.done.complete(null));
        } catch (RuntimeException e) {
            changes.forEach(change -> change.done.completeExceptionally(e));
        }
    }
}
