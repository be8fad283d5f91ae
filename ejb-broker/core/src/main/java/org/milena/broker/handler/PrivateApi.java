package org.milena.broker.handler;

import org.apache.kafka.common.protocol.types.Schema;

/**
 * A request of our own beside Kafka's. There is version 0; the request header is Kafka's version 1, that of the answer version 0.
 *
 * @param key            far above Kafka's
 * @param clientSoftware ApiVersions lists the key only for clients of this name (KIP-511), so that no Kafka client ever sees it
 * @param request        of the body
 */
public record PrivateApi(short key, String name, String clientSoftware, Schema request, RequestHandler<StructMessage> handler) {

    public static final short VERSION = 0;
    public static final short REQUEST_HEADER_VERSION = 1;
    public static final short RESPONSE_HEADER_VERSION = 0;
}
