package org.milena.broker.log.clean;

import java.io.IOException;
import java.nio.ByteBuffer;

/** What compaction needs of a segment that takes no more appends. */
public interface CleanableSegment {

    long baseOffset();

    /** Bytes of the {@code .log} file. */
    int size();

    /** Largest record timestamp in milliseconds; the file's modification time where records have none. */
    long largestTimestamp() throws IOException;

    /** Timestamp of the first batch, -1 when unknown. */
    long firstBatchTimestamp() throws IOException;

    /** Reads from the {@code .log} file until {@code into} is full or the segment ends. Blocks on the disk. */
    void read(ByteBuffer into, int position) throws IOException;

    /** Path of the {@code .log} file, for messages. */
    String name();
}
