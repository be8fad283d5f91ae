package org.milena.broker.network;

import java.net.InetAddress;
import java.util.concurrent.Executor;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.milena.broker.time.Timer;

/**
 * One request in hand: who asks, and the way to answer.
 *
 * <p>Exactly one of {@link #reply}, {@link #noReply} or {@link #fail} is called, once, from any thread. Answers leave the connection in
 * the order of its requests whatever the order of the replies. The request's buffers ({@code ByteBuffer} and record fields of
 * the request object are slices of the network buffer) are valid until then, and must be copied to be kept longer.
 */
public interface RequestContext {

    /** Null for a request of our own ({@link org.milena.broker.handler.PrivateApi}), where {@link #fail} closes the connection. */
    ApiKeys apiKey();

    short apiVersion();

    int correlationId();

    /** The client id of the request header, or "" when it sent none. */
    String clientId();

    InetAddress clientAddress();

    KafkaPrincipal principal();

    /** The listener the client connected to, e.g. {@code PLAINTEXT}. */
    String listenerName();

    /** Identifies the connection: a unique string as in Kafka's {@code connectionId}. */
    String connectionId();

    /** The connection's event loop. Never block on it unless it belongs to the log directory you block on. */
    Executor executor();

    /** Runs {@code action} once on the connection's event loop, after {@code delayMs} milliseconds. */
    Timer.Task schedule(long delayMs, Runnable action);

    /** Sends the response, encoded in the request's version. */
    void reply(ApiMessage response);

    /** The request wants no answer (produce with acks=0). */
    void noReply();

    /** Answers with the request's own error response for this exception (Kafka's {@code getErrorResponse}). */
    void fail(Throwable error);

    /** Drops the connection, as Kafka does when acks=0 fails; after an answer, too, which then may not arrive. */
    void closeConnection();

    /** Registers an action for the moment the connection closes; runs at once if it is closed already. For waiting requests. */
    void onClose(Runnable action);
}
