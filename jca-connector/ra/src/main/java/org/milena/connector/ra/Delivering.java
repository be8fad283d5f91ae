package org.milena.connector.ra;

import java.util.List;
import org.milena.connector.client.GroupOffset;
import org.milena.connector.client.PartitionFeed;

/** Hands records to a bean and commits their offset, one way or another. Used by one thread, for some deliveries one after the other. */
interface Delivering extends AutoCloseable {

    /**
     * @param records of this partition; one, where the bean takes them one by one
     * @param next    the offset to commit once the bean is done
     */
    Outcome deliver(PartitionFeed feed, List<DeliveredRecord> records, GroupOffset next);

    /** Gives the bean back. */
    @Override
    void close();
}
