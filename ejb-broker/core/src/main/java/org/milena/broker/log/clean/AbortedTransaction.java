package org.milena.broker.log.clean;

/**
 * An entry of a segment's {@code .txnindex}.
 *
 * @param lastOffset       offset of the abort marker
 * @param lastStableOffset the log's last stable offset after the abort
 */
public record AbortedTransaction(long producerId, long firstOffset, long lastOffset, long lastStableOffset) {
}
