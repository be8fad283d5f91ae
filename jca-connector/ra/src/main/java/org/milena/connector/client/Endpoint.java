package org.milena.connector.client;

import java.util.ArrayList;
import java.util.List;

/**
 * Where a broker is.
 *
 * @param nodeId {@code node.id}, or {@link #UNKNOWN} for an address from the configuration
 */
public record Endpoint(int nodeId, String host, int port) {

    public static final int UNKNOWN = -1;

    /**
     * Reads {@code bootstrap.servers}: host:port, separated by commas.
     *
     * @throws IllegalArgumentException naming what is wrong
     */
    public static List<Endpoint> parse(String bootstrapServers) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (String part : bootstrapServers.split(",")) {
            String address = part.strip();
            if (!address.isEmpty()) {
                endpoints.add(parseOne(address));
            }
        }
        return endpoints;
    }

    private static Endpoint parseOne(String address) {
        int colon = address.lastIndexOf(':');
        try {
            int port = Integer.parseInt(address.substring(colon + 1));
            if (colon > 0 && port > 0 && port <= 65535) {
                String host = address.substring(0, colon);
                return new Endpoint(UNKNOWN, host.startsWith("[") ? host.substring(1, host.length() - 1) : host, port);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException("bootstrapServers: \"" + address + "\" is not host:port");
    }

    @Override
    public String toString() {
        String address = port == 0 ? host : host + ":" + port;
        return nodeId == UNKNOWN ? address : "broker " + nodeId + " (" + address + ")";
    }
}
