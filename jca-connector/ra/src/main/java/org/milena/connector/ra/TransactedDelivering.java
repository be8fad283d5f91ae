package org.milena.connector.ra;

import jakarta.resource.ResourceException;
import jakarta.resource.spi.endpoint.MessageEndpoint;
import java.util.List;
import java.util.Map;
import javax.transaction.xa.XAResource;
import org.apache.kafka.common.TopicPartition;
import org.milena.connector.client.Branch;
import org.milena.connector.client.ClientException;
import org.milena.connector.client.GroupOffset;
import org.milena.connector.client.PartitionFeed;

/**
 * In a transaction of the server: the bean's work and the group's offset are committed or rolled back together. The group checks the member
 * when the offset is sent, before the transaction is prepared; nothing can refuse it after that.
 */
final class TransactedDelivering implements Delivering {

    private final Endpoints endpoints;
    private final DeliveryResource resource;
    private final XAResource enlisted;
    private MessageEndpoint endpoint;

    /** @param enlisted the resource, as the transaction manager is to see it */
    TransactedDelivering(Endpoints endpoints, DeliveryResource resource, XAResource enlisted) {
        this.endpoints = endpoints;
        this.resource = resource;
        this.enlisted = enlisted;
    }

    @Override
    public Outcome deliver(PartitionFeed feed, List<DeliveredRecord> records, GroupOffset next) {
        try {
            if (endpoint == null) {
                endpoint = endpoints.create(enlisted);
            }
            endpoint.beforeDelivery(endpoints.method());
        } catch (NoSuchMethodException | ResourceException | RuntimeException e) {
            close();
            return new Outcome(Outcome.Kind.PREVENTED, e);
        }
        Throwable thrown = null;
        ClientException refused = null;
        try {
            endpoints.call(endpoint, records);
            refused = sendOffset(feed, next);
        } catch (Exception | Error e) {
            thrown = Endpoints.thrown(e);
            doom("the delivery has failed: " + thrown);
        }
        Throwable atEnd = null;
        try {
            endpoint.afterDelivery();
        } catch (ResourceException | RuntimeException e) {
            atEnd = e;
            close(); // who knows in which state it is
        }
        return outcome(thrown, refused, atEnd);
    }

    private Outcome outcome(Throwable thrown, ClientException refused, Throwable atEnd) {
        DeliveryResource.End end = resource.end();
        if (end == DeliveryResource.End.COMMITTED) {
            return Outcome.DONE;
        }
        if (end == null) {
            return new Outcome(Outcome.Kind.UNKNOWN, atEnd);
        }
        if (refused != null) {
            return new Outcome(Outcome.Kind.PREVENTED, refused);
        }
        Throwable cause = thrown != null ? thrown : atEnd;
        return new Outcome(Outcome.Kind.FAILED, cause != null ? cause : new IllegalStateException("The bean has set its transaction to be rolled back"));
    }

    /**
     * @return why not; the transaction is rolled back then
     * @throws ClientException what the bean sent in the same branch has failed, and the bean went on: a failure of its own
     */
    private ClientException sendOffset(PartitionFeed feed, GroupOffset next) throws ClientException {
        Branch branch = resource.branch();
        if (branch == null) {
            throw new IllegalStateException("The server has begun no transaction with this resource adapter");
        }
        if (branch.doomed() != null) {
            throw branch.doomed();
        }
        try {
            branch.sendOffsets(feed.member(), Map.of(new TopicPartition(feed.topic(), feed.partition()), next));
            return null;
        } catch (ClientException e) {
            doom(e.getMessage());
            return e;
        }
    }

    private void doom(String why) {
        Branch branch = resource.branch();
        if (branch != null) {
            branch.doom(why);
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
