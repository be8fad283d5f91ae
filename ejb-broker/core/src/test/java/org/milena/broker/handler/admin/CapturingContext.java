package org.milena.broker.handler.admin;

import java.net.InetAddress;
import java.util.concurrent.Executor;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.milena.broker.network.RequestContext;
import org.milena.broker.time.Timer;

/**
 * One request without a connection. What it captures has been through the wire format of the request's version, so that a field
 * which that version can't carry fails the test.
 */
final class CapturingContext implements RequestContext {

    private final ApiKeys key;
    private final short version;
    private final ApiMessage request;
    private ApiMessage reply;
    private Throwable failure;

    CapturingContext(ApiKeys key, int version, ApiMessage request) {
        this.key = key;
        this.version = (short) version;
        this.request = decode(request, ApiMessageType.fromApiKey(key.id).newRequest());
    }

    /** The request as the broker would read it. */
    ApiMessage request() {
        return request;
    }

    private ApiMessage decode(ApiMessage message, ApiMessage into) {
        into.read(MessageUtil.toByteBufferAccessor(message, version), version);
        return into;
    }

    /** The answer as the client would read it; null while there is none. */
    ApiMessage reply() {
        return reply;
    }

    Throwable failure() {
        return failure;
    }

    @Override
    public ApiKeys apiKey() {
        return key;
    }

    @Override
    public short apiVersion() {
        return version;
    }

    @Override
    public int correlationId() {
        return 1;
    }

    @Override
    public String clientId() {
        return "test";
    }

    @Override
    public InetAddress clientAddress() {
        return InetAddress.getLoopbackAddress();
    }

    @Override
    public KafkaPrincipal principal() {
        return KafkaPrincipal.ANONYMOUS;
    }

    @Override
    public String listenerName() {
        return "PLAINTEXT";
    }

    @Override
    public String connectionId() {
        return "c";
    }

    @Override
    public Executor executor() {
        return Runnable::run;
    }

    /** The last action that was scheduled and not cancelled; a test runs it when its time has come. */
    Runnable scheduled;

    @Override
    public Timer.Task schedule(long delayMs, Runnable action) {
        scheduled = action;
        return () -> scheduled = null;
    }

    @Override
    public void reply(ApiMessage response) {
        if (reply != null) {
            throw new IllegalStateException("answered twice");
        }
        reply = decode(response, ApiMessageType.fromApiKey(key.id).newResponse());
    }

    @Override
    public void noReply() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void fail(Throwable error) {
        failure = error;
        ByteBufferAccessor bytes = MessageUtil.toByteBufferAccessor(request, version);
        reply(AbstractRequest.parseRequest(key, version, bytes).request.getErrorResponse(error).data());
    }

    @Override
    public void closeConnection() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void onClose(Runnable action) {
    }
}
