package org.milena.connector.ra;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.milena.connector.MilenaConnection;
import org.milena.connector.MilenaException;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordMetadata;

/** An application's hold on a pooled connection. The server may move it to another one between two calls. */
final class ConnectionHandle implements MilenaConnection {

    private final AtomicReference<MilenaManagedConnection> connection;

    ConnectionHandle(MilenaManagedConnection connection) {
        this.connection = new AtomicReference<>(connection);
    }

    @Override
    public RecordMetadata send(OutboundRecord record) throws MilenaException {
        return open().send(this, List.of(record)).get(0);
    }

    @Override
    public List<RecordMetadata> send(List<OutboundRecord> records) throws MilenaException {
        MilenaManagedConnection open = open();
        return records.isEmpty() ? List.of() : open.send(this, new ArrayList<>(records));
    }

    @Override
    public int partitions(String topic) throws MilenaException {
        return open().partitions(this, topic);
    }

    private MilenaManagedConnection open() {
        MilenaManagedConnection open = connection.get();
        if (open == null) {
            throw new IllegalStateException("This connection is closed");
        }
        return open;
    }

    /** To another pooled connection, or with null to none: closed. */
    MilenaManagedConnection move(MilenaManagedConnection to) {
        return connection.getAndSet(to);
    }

    @Override
    public void close() {
        MilenaManagedConnection left = connection.getAndSet(null);
        if (left != null) {
            left.closed(this);
        }
    }
}
