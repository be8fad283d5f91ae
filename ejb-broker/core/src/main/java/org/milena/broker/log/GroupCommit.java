package org.milena.broker.log;

/** The flusher of one log directory: at most one fsync per dirty segment and round, shared by all who wait. */
public interface GroupCommit {

    /** What became of a flush. */
    interface Listener {
        /** {@code error} is null when everything up to the offset is on disk. Called on the flusher's thread: hand over, don't work. */
        void flushed(Throwable error);
    }

    /** Calls the listener once records up to and including {@code offset} of {@code log} are on disk. */
    void await(PartitionLog log, long offset, Listener listener);

    /**
     * Runs {@code first}, which may wait for an append of the log, and calls the listener once all that the log holds then is on disk; or with what
     * {@code first} threw. Where the caller must not block, {@code first} runs on the flusher's thread.
     */
    void await(PartitionLog log, Runnable first, Listener listener);
}
