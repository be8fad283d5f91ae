package org.milena.broker.log.clean;

/**
 * A compacted segment whose files are complete and on disk.
 *
 * @param baseOffset           of the first source; names the files
 * @param size                 bytes of the {@code .log} file, 0 when nothing survived
 * @param largestTimestamp     milliseconds, -1 when no record has a timestamp
 * @param offsetOfLargest      last offset of the batch with the largest timestamp, -1 when there is none
 */
public record CleanedSegment(long baseOffset, int size, long largestTimestamp, long offsetOfLargest) {
}
