package org.milena.broker.network;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.ApiVersionsRequest;
import org.apache.kafka.common.requests.RequestHeader;
import org.milena.broker.handler.ApiRegistry;
import org.milena.broker.handler.PrivateApi;
import org.milena.broker.handler.StructMessage;

/**
 * Turns frames into requests and calls their handlers.
 *
 * <p>As Kafka does: an ApiVersions request in a version we don't know is answered in version 0 with UNSUPPORTED_VERSION and the
 * connection lives on; every other unknown key or version closes it.
 */
final class RequestDispatcher {

    private static final Logger LOG = System.getLogger(RequestDispatcher.class.getName());

    private final ApiRegistry registry;
    private final EventLoopChooser dataLoops;

    /** Chooses the data loop for a connection with its first request that touches a log; null when it is to stay. */
    interface EventLoopChooser {
        EventLoop choose();
    }

    RequestDispatcher(ApiRegistry registry, EventLoopChooser dataLoops) {
        this.registry = registry;
        this.dataLoops = dataLoops;
    }

    /** The data loop this request wants its connection to live on, or null if any loop will do. */
    EventLoop dataLoopFor(ByteBuf frame) {
        if (frame.readableBytes() < 2) {
            return null;
        }
        short key = frame.getShort(frame.readerIndex());
        return key == ApiKeys.PRODUCE.id || key == ApiKeys.FETCH.id ? dataLoops.choose() : null;
    }

    /** @throws RuntimeException the bytes are no request we know; the connection is to be closed, the frame still belongs to the caller */
    Request parse(Connection connection, Frame frame) {
        ByteBuf bytes = frame.bytes();
        ByteBuffer buffer = bytes.nioBuffer();
        PrivateApi ours = buffer.remaining() < 2 ? null : registry.privateApi(buffer.getShort(buffer.position()));
        if (ours != null) {
            return parse(connection, frame, ours, buffer);
        }
        RequestHeader header = RequestHeader.parse(buffer);
        ApiRegistry.Api api = registry.get(header.apiKey());
        if (api == null) {
            throw new UnsupportedVersionException("API key " + header.apiKey() + " is not served here");
        }
        if (!api.supports(header.apiVersion())) {
            if (header.apiKey() == ApiKeys.API_VERSIONS) {
                return new Request(connection, header,
                        new ApiVersionsRequest(new ApiVersionsRequestData(), (short) 0, header.apiVersion()), frame);
            }
            throw new UnsupportedVersionException("Version " + header.apiVersion() + " of " + header.apiKey()
                    + " is not supported (" + api.minVersion() + " to " + api.maxVersion() + " are)");
        }
        AbstractRequest body = AbstractRequest.parseRequest(header.apiKey(), header.apiVersion(), new ByteBufferAccessor(buffer)).request;
        return new Request(connection, header, body, frame);
    }

    private static Request parse(Connection connection, Frame frame, PrivateApi api, ByteBuffer buffer) {
        RequestHeaderData header = new RequestHeaderData(new ByteBufferAccessor(buffer), PrivateApi.REQUEST_HEADER_VERSION);
        if (header.requestApiVersion() != PrivateApi.VERSION) {
            throw new UnsupportedVersionException("Version " + header.requestApiVersion() + " of " + api.name() + " is not supported");
        }
        return new Request(connection, new RequestHeader(header, PrivateApi.REQUEST_HEADER_VERSION), api,
                new StructMessage(api.key(), api.request().read(buffer)), frame);
    }

    void dispatch(Request request) {
        try {
            if (request.privateApi() != null) {
                request.privateApi().handler().handle(request, request.privateBody());
                return;
            }
            if (request.apiKey() == ApiKeys.API_VERSIONS && ((ApiVersionsRequest) request.body()).hasUnsupportedRequestVersion()) {
                AbstractResponse response = request.body().getErrorResponse(0, Errors.UNSUPPORTED_VERSION.exception());
                request.reply(response.data(), (short) 0);
                return;
            }
            registry.get(request.apiKey()).handler().handle(request, request.body().data());
        } catch (ApiException e) {
            request.fail(e);
        } catch (RuntimeException | Error e) { // whatever it is, somebody waits for an answer
            LOG.log(Level.ERROR, "Request " + request.name() + " version " + request.apiVersion() + " from client \""
                    + request.clientId() + "\" at " + request.connectionId() + " failed", e);
            request.fail(e);
        }
    }
}
