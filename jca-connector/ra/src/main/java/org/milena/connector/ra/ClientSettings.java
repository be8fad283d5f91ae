package org.milena.connector.ra;

import org.milena.connector.client.ClientConfig;

/**
 * What makes two connection factories share one client.
 *
 * @param bootstrapServers {@code bootstrap.servers}, or null for the broker in this server
 */
record ClientSettings(String bootstrapServers, ClientConfig config) {

    @Override
    public String toString() {
        return bootstrapServers == null ? "Milena in this server" : bootstrapServers;
    }
}
