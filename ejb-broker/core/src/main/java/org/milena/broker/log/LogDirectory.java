package org.milena.broker.log;

import java.nio.file.Path;
import java.util.Optional;

/** One of {@code log.dirs}. Fails as a whole: after a failed write or fsync it is offline until the next start. */
public interface LogDirectory {

    Path path();

    /** The id in {@code meta.properties} (Kafka's {@code directory.id}). */
    org.apache.kafka.common.Uuid id();

    boolean online();

    /** Why it is offline. */
    Optional<String> failure();

    /** Bytes that may still be written. A failure takes the directory offline. */
    long usableSpace();

    /** Segment and index files that are open now. */
    int openFiles();

    /** More segment and index files are in use than the budget allows: whoever can shall copy what he needs and let go of the file. */
    boolean filesScarce();

    /** Where work that may block on this directory runs. */
    DirectoryExecutor executor();

    /** Group commit: fsyncs are shared by all who wait. */
    GroupCommit groupCommit();
}
