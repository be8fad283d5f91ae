package org.milena.broker.log;

import java.util.concurrent.Executor;
import org.apache.kafka.common.TopicPartition;

/**
 * The threads of one log directory: the only ones that a stalled disk may take hostage. Network connections that
 * produce or fetch live on these threads too, so that their requests need no second thread; heartbeats never do.
 */
public interface DirectoryExecutor {

    /** True when the calling thread belongs to this directory and may block on its disk. */
    boolean inContext();

    /** The executor for a partition; always the same one, so that work for a partition stays in order. */
    Executor forPartition(TopicPartition partition);

    /** For work that only reads: where it can be had, an executor that no append occupies. In no order with {@link #forPartition}. */
    default Executor forReads(TopicPartition partition) {
        return forPartition(partition);
    }
}
