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
}
