package org.milena.broker.network;

import java.net.InetAddress;
import java.util.concurrent.Executor;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.milena.broker.handler.PrivateApi;
import org.milena.broker.handler.StructMessage;
import org.milena.broker.time.Timer;

/** A request on its way: its place in the connection's order of answers, and the buffers it still needs. */
final class Request implements RequestContext {

    private final Connection connection;
    private final RequestHeader header;
    private final long receivedNanos = System.nanoTime();
    private final int requestBytes;
    private final AbstractRequest body;
    /** Null for Kafka's requests; else there is no body of Kafka's. */
    private final PrivateApi privateApi;
    private final StructMessage privateBody;
    private Frame frame;

    /** Set on the event loop: the answer is there (null parts: none is wanted). */
    private boolean done;
    private ResponseEncoder.Encoded encoded;

    Request(Connection connection, RequestHeader header, AbstractRequest body, Frame frame) {
        this(connection, header, body, null, null, frame);
    }

    Request(Connection connection, RequestHeader header, PrivateApi privateApi, StructMessage privateBody, Frame frame) {
        this(connection, header, null, privateApi, privateBody, frame);
    }

    private Request(Connection connection, RequestHeader header, AbstractRequest body, PrivateApi privateApi, StructMessage privateBody,
                    Frame frame) {
        this.connection = connection;
        this.header = header;
        this.body = body;
        this.privateApi = privateApi;
        this.privateBody = privateBody;
        this.requestBytes = frame.bytes().readableBytes();
        this.frame = frame;
    }

    AbstractRequest body() {
        return body;
    }

    PrivateApi privateApi() {
        return privateApi;
    }

    StructMessage privateBody() {
        return privateBody;
    }

    /** For messages. */
    String name() {
        return privateApi == null ? apiKey().toString() : privateApi.name();
    }

    /** Its objects are slices of the network buffer until it is answered. */
    boolean keepsBuffer() {
        return privateApi == null && apiKey().requiresDelayedAllocation;
    }

    short responseHeaderVersion(short version) {
        return privateApi == null ? apiKey().responseHeaderVersion(version) : PrivateApi.RESPONSE_HEADER_VERSION;
    }

    long receivedNanos() {
        return receivedNanos;
    }

    int requestBytes() {
        return requestBytes;
    }

    boolean done() {
        return done;
    }

    ResponseEncoder.Encoded encoded() {
        return encoded;
    }

    /** On the event loop. */
    void complete(ResponseEncoder.Encoded response) {
        done = true;
        encoded = response;
        releaseFrame();
    }

    /** On the event loop: the request's objects hold no slice of the buffer any more. Idempotent. */
    void releaseFrame() {
        if (frame != null) {
            connection.release(frame);
            frame = null;
        }
    }

    /** On the event loop, when the connection is gone. */
    void discard() {
        if (encoded != null) {
            encoded.release();
            encoded = null;
        }
        if (done) {
            releaseFrame();
        }
    }

    @Override
    public ApiKeys apiKey() {
        return privateApi == null ? header.apiKey() : null;
    }

    @Override
    public short apiVersion() {
        return header.apiVersion();
    }

    @Override
    public int correlationId() {
        return header.correlationId();
    }

    @Override
    public String clientId() {
        String id = header.clientId();
        return id == null ? "" : id;
    }

    @Override
    public InetAddress clientAddress() {
        return connection.address();
    }

    @Override
    public KafkaPrincipal principal() {
        return KafkaPrincipal.ANONYMOUS;
    }

    @Override
    public String listenerName() {
        return connection.listenerName();
    }

    @Override
    public String connectionId() {
        return connection.id();
    }

    @Override
    public Executor executor() {
        return connection.executor();
    }

    @Override
    public Timer.Task schedule(long delayMs, Runnable action) {
        return connection.schedule(delayMs, action);
    }

    @Override
    public void reply(ApiMessage response) {
        connection.answer(this, response, header.apiVersion());
    }

    /** Answers in another version than the request's: only for ApiVersions. */
    void reply(ApiMessage response, short version) {
        connection.answer(this, response, version);
    }

    @Override
    public void noReply() {
        connection.answer(this, null, header.apiVersion());
    }

    @Override
    public void fail(Throwable error) {
        AbstractResponse response = null;
        try {
            response = body == null ? null : body.getErrorResponse(error);
        } catch (RuntimeException e) {
            // kafka-clients cannot answer all that it can read, such as a produce request without records
        }
        if (response == null) { // a private request has no such answer at all
            connection.sayBadInput("no answer can say what is wrong with its " + name() + ": " + error);
            closeConnection();
        } else {
            reply(response.data());
        }
    }

    @Override
    public void closeConnection() {
        connection.closeAfterError(this);
    }

    @Override
    public void onClose(Runnable action) {
        connection.onClose(this, action);
    }
}
