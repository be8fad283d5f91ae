package org.milena.connector;

import jakarta.resource.Referenceable;
import java.io.Serializable;

/**
 * Gives connections to a Milena, or to an Apache Kafka. Injected by {@code @Resource} or looked up in JNDI; thread-safe.
 *
 * <p>Which broker, and how, is configuration of the connection factory: see the properties of the resource adapter. Without
 * {@code bootstrapServers} it is the Milena in the same server, reached without a socket.
 */
public interface MilenaConnectionFactory extends Serializable, Referenceable {

    /**
     * A connection from the pool. Give it back with {@link MilenaConnection#close()}, best by try-with-resources.
     *
     * @throws MilenaException the pool is empty, or the broker can't be reached
     */
    MilenaConnection getConnection() throws MilenaException;
}
