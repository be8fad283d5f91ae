package org.milena.broker.api;

/** What the broker does by itself: retention, compaction, flushing, checkpoints. */
public interface Housekeeping {

    /** Deletes now what retention no longer keeps. Blocks on the disks. */
    void enforceRetention();
}
