package org.milena.connector.client;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.RequestUtils;

/**
 * Requests and answers over one {@link Transport}. Begins with ApiVersions, where this client calls itself {@value #SOFTWARE} (KIP-511).
 * Thread-safe; requests of many threads are under way at a time.
 */
final class BrokerConnection implements AutoCloseable {

    static final String SOFTWARE = "milena-connector";

    private static final short API_VERSIONS_VERSION = 3;

    private final Endpoint endpoint;
    private final Transport transport;
    private final String clientId;
    private final int requestTimeoutMs;
    private final AtomicInteger correlation = new AtomicInteger();
    private final AtomicInteger underWay = new AtomicInteger();
    private ApiVersionsResponseData introduction;

    private BrokerConnection(Endpoint endpoint, Transport transport, ClientConfig config) {
        this.endpoint = endpoint;
        this.transport = transport;
        this.clientId = config.clientId();
        this.requestTimeoutMs = config.requestTimeoutMs();
    }

    /** @throws ClientException nobody there, or it does not speak as we do; the transport is closed then */
    static BrokerConnection open(Endpoint endpoint, Transport transport, ClientConfig config, Deadline deadline) throws ClientException {
        BrokerConnection connection = new BrokerConnection(endpoint, transport, config);
        try {
            connection.introduce(deadline);
            return connection;
        } catch (ClientException | RuntimeException | Error e) {
            connection.close();
            throw e;
        }
    }

    private void introduce(Deadline deadline) throws ClientException {
        String version = BrokerConnection.class.getPackage().getImplementationVersion();
        ApiVersionsRequestData request = new ApiVersionsRequestData().setClientSoftwareName(SOFTWARE)
                .setClientSoftwareVersion(version == null ? "unknown" : version);
        ApiVersionsResponseData answer;
        try {
            answer = (ApiVersionsResponseData) send(ApiKeys.API_VERSIONS, API_VERSIONS_VERSION, request).await(deadline);
        } catch (ClientException e) {
            ClientException unreachable = ClientException.unreachable(e.getMessage(), e.getCause());
            throw deadline.over() ? unreachable.cutShort() : unreachable;
        }
        Errors error = Errors.forCode(answer.errorCode());
        if (error != Errors.NONE) {
            throw ClientException.of(endpoint + " does not speak our protocol: " + error + " to ApiVersions", error);
        }
        introduction = answer;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    boolean isOpen() {
        return transport.isOpen();
    }

    /**
     * The latest version that both sides speak.
     *
     * @throws ClientException there is none
     */
    short version(ApiKeys key, int oldest, int latest) throws ClientException {
        ApiVersionsResponseData.ApiVersion served = introduction.apiKeys().find(key.id);
        if (served == null || served.maxVersion() < oldest || served.minVersion() > latest) {
            throw ClientException.of(endpoint + " does not serve " + key + " in a version from " + oldest + " to " + latest
                    + (served == null ? "" : " but " + served.minVersion() + " to " + served.maxVersion())
                    + "; Milena or Apache Kafka 4.0 or newer is needed", Errors.UNSUPPORTED_VERSION);
        }
        return (short) Math.min(latest, served.maxVersion());
    }

    /** The level of a feature that the cluster has agreed on; 0 where it has none (KIP-584). */
    short feature(String name) {
        var agreed = introduction.finalizedFeatures().find(name);
        return agreed == null ? 0 : agreed.maxVersionLevel();
    }

    /** Does it prepare branches of distributed transactions? Apache Kafka does not. */
    boolean servesBranches() {
        return introduction.apiKeys().find(BranchMessages.KEY) != null;
    }

    /** Sends; {@link Answer#await} waits. */
    Answer<ApiMessage> send(ApiKeys key, short version, ApiMessage request) {
        RequestHeaderData header = header(key.id, version);
        ByteBuffer frame = RequestUtils.serialize(header, key.requestHeaderVersion(version), request, version);
        return new Answer<>(key.name(), key.responseHeaderVersion(version), header.correlationId(), Deadline.after(requestTimeoutMs),
                sent(frame), bytes -> {
                    ApiMessage response = ApiMessageType.fromApiKey(key.id).newResponse();
                    response.read(new ByteBufferAccessor(bytes), version);
                    return response;
                });
    }

    /** Sends Milena's private request; the headers are Kafka's, in their versions before tagged fields. */
    Answer<BranchMessages.Response> sendBranches(ByteBuffer request) {
        RequestHeaderData header = header(BranchMessages.KEY, (short) 0);
        ByteBuffer head = MessageUtil.toByteBufferAccessor(header, (short) 1).buffer();
        ByteBuffer frame = ByteBuffer.allocate(head.remaining() + request.remaining()).put(head).put(request).flip();
        return new Answer<>("XaBranches", (short) 0, header.correlationId(), Deadline.after(requestTimeoutMs),
                sent(frame), BranchMessages::response);
    }

    private CompletableFuture<ByteBuffer> sent(ByteBuffer frame) {
        underWay.incrementAndGet();
        return transport.send(frame).whenComplete((answer, error) -> underWay.decrementAndGet()).toCompletableFuture();
    }

    /** How many requests have no answer yet. */
    int underWay() {
        return underWay.get();
    }

    private RequestHeaderData header(short key, short version) {
        return new RequestHeaderData().setRequestApiKey(key).setRequestApiVersion(version).setCorrelationId(correlation.getAndIncrement())
                .setClientId(clientId);
    }

    @Override
    public void close() {
        transport.close();
    }

    /** An answer under way. */
    final class Answer<T> {

        private final String key;
        private final short headerVersion;
        private final int id;
        private final Deadline patience;
        private final CompletableFuture<ByteBuffer> frame;
        private final Function<ByteBuffer, T> body;

        private Answer(String key, short headerVersion, int id, Deadline patience, CompletableFuture<ByteBuffer> frame, Function<ByteBuffer, T> body) {
            this.key = key;
            this.headerVersion = headerVersion;
            this.id = id;
            this.patience = patience;
            this.frame = frame;
            this.body = body;
        }

        /**
         * Waits until the earlier of the deadline and {@code request.timeout.ms} after the request. A connection that takes longer than
         * the latter is closed.
         *
         * @throws ClientException no answer came
         */
        T await(Deadline deadline) throws ClientException {
            try {
                return read(frame.get(Math.min(deadline.remainingNanos(), patience.remainingNanos()), TimeUnit.NANOSECONDS));
            } catch (InterruptedException e) {
                throw ClientException.interrupted(e);
            } catch (ExecutionException e) {
                throw ClientException.unanswered(String.valueOf(e.getCause().getMessage()), e.getCause());
            } catch (TimeoutException e) {
                if (patience.over()) {
                    close();
                    throw ClientException.unanswered(endpoint + " gave no answer to " + key + " within " + patience.millis() + " ms", e);
                }
                throw ClientException.unanswered(endpoint + " had no answer to " + key + " yet", e).cutShort();
            } catch (RuntimeException e) { // not what the protocol says
                close();
                throw ClientException.unanswered(endpoint + " gave an answer to " + key + " that can't be read: " + e, e);
            }
        }

        /** Completed when the answer, or the end of waiting for it, is there; for waiting on several. */
        CompletableFuture<?> arrival() {
            return frame;
        }

        /** Whether {@link #await} need not wait. */
        boolean isThere() {
            return frame.isDone() || patience.over();
        }

        private T read(ByteBuffer bytes) {
            int answered = new ResponseHeaderData(new ByteBufferAccessor(bytes), headerVersion).correlationId();
            if (answered != id) {
                throw new IllegalStateException("it answers request " + answered + ", not " + id);
            }
            return body.apply(bytes);
        }
    }
}
