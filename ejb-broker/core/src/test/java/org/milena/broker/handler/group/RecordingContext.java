package org.milena.broker.handler.group;

import java.net.InetAddress;
import java.util.concurrent.Executor;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.milena.broker.network.RequestContext;
import org.milena.broker.time.Timer;

/** A request without a network: keeps the answer, once it has been seen to fit the version. */
final class RecordingContext implements RequestContext {

    private final ApiKeys key;
    private final int version;
    ApiMessage reply;
    Throwable error;

    RecordingContext(ApiKeys key, int version) {
        this.key = key;
        this.version = version;
    }

    @Override public ApiKeys apiKey() {
        return key;
    }

    @Override public short apiVersion() {
        return (short) version;
    }

    @Override public int correlationId() {
        return 1;
    }

    @Override public String clientId() {
        return "client";
    }

    @Override public InetAddress clientAddress() {
        return InetAddress.getLoopbackAddress();
    }

    @Override public KafkaPrincipal principal() {
        return KafkaPrincipal.ANONYMOUS;
    }

    @Override public String listenerName() {
        return "PLAINTEXT";
    }

    @Override public String connectionId() {
        return "c";
    }

    @Override public Executor executor() {
        return Runnable::run;
    }

    @Override public Timer.Task schedule(long delayMs, Runnable action) {
        throw new UnsupportedOperationException();
    }

    @Override public void reply(ApiMessage response) {
        if (reply != null || error != null) {
            throw new AssertionError("Answered twice");
        }
        MessageUtil.toVersionPrefixedByteBuffer((short) version, response);
        reply = response;
    }

    @Override public void noReply() {
        throw new UnsupportedOperationException();
    }

    @Override public void fail(Throwable failure) {
        error = failure;
    }

    @Override public void closeConnection() {
        throw new UnsupportedOperationException();
    }

    @Override public void onClose(Runnable action) {
    }
}
