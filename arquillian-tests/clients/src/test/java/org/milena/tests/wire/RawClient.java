package org.milena.tests.wire;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/**
 * One connection that speaks Kafka's frames without a client's good manners: any API in any version, any bytes.
 * Every read has a deadline. Not thread-safe.
 */
public final class RawClient implements AutoCloseable {
    /** A client id as long as clients' usually are. */
    public static final String CLIENT_ID = "raw-client";
    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final OutputStream out;
    private int correlationId;

    public RawClient(String bootstrap) {
        this(bootstrap, Duration.ofSeconds(20));
    }

    /** @param patience how long a read waits before the test fails */
    public RawClient(String bootstrap, Duration patience) {
        int colon = bootstrap.lastIndexOf(':');
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) patience.toMillis());
            socket.connect(new InetSocketAddress(bootstrap.substring(0, colon), Integer.parseInt(bootstrap.substring(colon + 1))), 10_000);
            in = new DataInputStream(socket.getInputStream());
            out = socket.getOutputStream();
        } catch (IOException e) {
            throw new AssertionError("cannot connect to " + bootstrap, e);
        }
    }

    /** Sends and reads the answer, which must be of this version and carry the request's correlation id. */
    @SuppressWarnings("unchecked")
    public <R extends ApiMessage> R send(ApiMessage request, int version) {
        write(frame(request, version, ++correlationId));
        return (R) read(request, version, correlationId);
    }

    /** The answer to a request that was written with this correlation id. */
    public ApiMessage read(ApiMessage request, int version, int expectedCorrelationId) {
        ByteBuffer answer = readFrame().orElseThrow(() -> new AssertionError(
            "connection closed instead of an answer to " + ApiKeys.forId(request.apiKey()) + " v" + version));
        return decode(request, version, expectedCorrelationId, answer);
    }

    public static ApiMessage decode(ApiMessage request, int version, int expectedCorrelationId, ByteBuffer answer) {
        ApiKeys key = ApiKeys.forId(request.apiKey());
        ByteBufferAccessor readable = new ByteBufferAccessor(answer);
        ResponseHeaderData header = new ResponseHeaderData(readable, key.responseHeaderVersion((short) version));
        if (header.correlationId() != expectedCorrelationId) {
            throw new AssertionError("answer " + header.correlationId() + " to request " + expectedCorrelationId);
        }
        ApiMessage response = key.messageType.newResponse();
        response.read(readable, (short) version);
        if (answer.hasRemaining()) throw new AssertionError(answer.remaining() + " bytes behind the answer to " + key + " v" + version);
        return response;
    }

    /** A whole frame, length field included. */
    public static byte[] frame(ApiMessage request, int version, int correlationId) {
        ApiKeys key = ApiKeys.forId(request.apiKey());
        short headerVersion = key.requestHeaderVersion((short) version);
        RequestHeaderData header = new RequestHeaderData().setRequestApiKey(key.id).setRequestApiVersion((short) version)
            .setCorrelationId(correlationId).setClientId(CLIENT_ID);
        ObjectSerializationCache cache = new ObjectSerializationCache();
        int headerSize = header.size(cache, headerVersion);
        int size = headerSize + request.size(cache, (short) version);
        ByteBuffer frame = ByteBuffer.allocate(4 + size).putInt(size);
        ByteBufferAccessor writable = new ByteBufferAccessor(frame);
        header.write(writable, cache, headerVersion);
        request.write(writable, cache, (short) version);
        return frame.array();
    }

    public void write(byte[] bytes) {
        try {
            out.write(bytes);
            out.flush();
        } catch (IOException e) {
            throw new AssertionError("the broker does not take what we write", e);
        }
    }

    /** Tells the broker that nothing more comes, while answers can still be read. */
    public void finishWriting() {
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The next frame without its length; empty when the broker closed the connection. A broker that stays silent fails the test. */
    public Optional<ByteBuffer> readFrame() {
        try {
            byte[] frame = new byte[in.readInt()];
            in.readFully(frame);
            return Optional.of(ByteBuffer.wrap(frame));
        } catch (EOFException | SocketException closed) {
            return Optional.empty();
        } catch (IOException e) {
            throw new AssertionError("neither an answer nor the connection's end", e);
        }
    }

    /** Whether the connection still answers; an ApiVersions round trip. */
    public boolean answers() {
        write(frame(new org.apache.kafka.common.message.ApiVersionsRequestData(), 0, ++correlationId));
        return readFrame().isPresent();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
