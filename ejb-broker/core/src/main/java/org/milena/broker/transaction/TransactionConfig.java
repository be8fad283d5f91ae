package org.milena.broker.transaction;

/**
 * The transaction coordinator's settings.
 *
 * @param topicPartitions           {@code transaction.state.log.num.partitions}, for the time before the topic exists
 * @param maxTimeoutMs              {@code transaction.max.timeout.ms}
 * @param idExpirationMs            {@code transactional.id.expiration.ms}
 * @param timeoutCheckIntervalMs    {@code transaction.abort.timed.out.transaction.cleanup.interval.ms}
 * @param expirationCheckIntervalMs {@code transaction.remove.expired.transaction.cleanup.interval.ms}
 * @param admissionWaitMs           {@code add.partitions.to.txn.retry.backoff.max.ms}
 */
public record TransactionConfig(int topicPartitions, int maxTimeoutMs, int idExpirationMs, int timeoutCheckIntervalMs,
                                int expirationCheckIntervalMs, int admissionWaitMs) {

    /** How long an answer waits for its records before the client is told to try again. */
    static final int WRITE_TIMEOUT_MS = 5_000;
}
