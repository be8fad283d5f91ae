package org.milena.broker.group;

import java.util.concurrent.CompletableFuture;

/** Makes {@code __consumer_offsets} when it is first needed. */
@FunctionalInterface
public interface OffsetsTopic {

    String NAME = "__consumer_offsets";

    /**
     * Creates the topic as {@link GroupConfig.Offsets} says, compacted, if it does not exist. Must not block; completes once the
     * topic stands in the metadata image, or with why it could not be made. Called again and again while it is missing.
     */
    CompletableFuture<Void> ensureExists(GroupConfig.Offsets config);
}
