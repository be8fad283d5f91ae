package org.milena.broker.network;

import java.util.List;

/**
 * What the listener needs to know. Sizes in bytes, times in milliseconds; -1 for a socket buffer leaves it to the
 * operating system.
 *
 * @param listeners            where to bind; a port of 0 takes a free one
 * @param maxRequestBytes      {@code socket.request.max.bytes}
 * @param queuedRequestBytes   {@code queued.max.request.bytes}: bound on the requests in memory, all connections together
 * @param maxPipelinedRequests requests of one connection in work at a time; further ones wait in the socket
 */
public record NetworkConfig(List<Endpoint> listeners, int maxRequestBytes, long queuedRequestBytes,
                            int maxConnections, int maxConnectionsPerIp, long maxIdleMs,
                            int sendBufferBytes, int receiveBufferBytes, int backlog, int maxPipelinedRequests) {

    /** @param host null or empty binds all interfaces */
    public record Endpoint(String name, String host, int port) {
    }
}
