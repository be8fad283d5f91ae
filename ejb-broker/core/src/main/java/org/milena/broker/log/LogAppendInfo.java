package org.milena.broker.log;

/**
 * What an append did.
 *
 * @param firstOffset    offset of the first record of this append; of the <em>original</em> for a duplicate
 * @param lastOffset     offset of its last record
 * @param logAppendTime  milliseconds, or -1 when the topic keeps the producer's timestamps; of a duplicate the original's largest
 *                       timestamp in any case, as Kafka answers
 * @param logStartOffset the log's start at the time of the append
 * @param duplicate      true when the idempotent producer's batch was in the log already; nothing was written
 * @param flushRequired  true when {@code flush.messages} demands that {@code lastOffset} is on disk before
 *                       the append is acknowledged or shown to readers
 */
public record LogAppendInfo(long firstOffset, long lastOffset, long logAppendTime, long logStartOffset,
                            boolean duplicate, boolean flushRequired) {
}
