package org.milena.connector.ra;

import jakarta.resource.spi.UnavailableException;
import jakarta.resource.spi.endpoint.MessageEndpoint;
import java.util.List;
import org.milena.connector.client.ClientException;
import org.milena.connector.client.GroupOffset;
import org.milena.connector.client.PartitionFeed;

/** Without a transaction of the adapter's: the offset is committed when the bean has returned; at least once. */
final class PlainDelivering implements Delivering {

    private final Endpoints endpoints;
    private final int commitTimeoutMs;
    private MessageEndpoint endpoint;

    PlainDelivering(Endpoints endpoints, int commitTimeoutMs) {
        this.endpoints = endpoints;
        this.commitTimeoutMs = commitTimeoutMs;
    }

    @Override
    public Outcome deliver(PartitionFeed feed, List<DeliveredRecord> records, GroupOffset next) {
        try {
            if (endpoint == null) {
                endpoint = endpoints.create(null);
            }
        } catch (UnavailableException e) {
            return new Outcome(Outcome.Kind.PREVENTED, e);
        }
        try {
            endpoints.call(endpoint, records);
        } catch (Exception | Error e) {
            return new Outcome(Outcome.Kind.FAILED, Endpoints.thrown(e));
        }
        try {
            feed.commit(next, commitTimeoutMs);
            return Outcome.DONE;
        } catch (ClientException e) {
            return new Outcome(Outcome.Kind.NOT_COMMITTED, e);
        }
    }

    @Override
    public void close() {
        if (endpoint != null) {
            endpoint.release();
            endpoint = null;
        }
    }
}
