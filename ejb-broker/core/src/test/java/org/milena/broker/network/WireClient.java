package org.milena.broker.network;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.ResponseHeader;

/** A blocking client that speaks single frames: for what a well-behaved client never does. */
public final class WireClient implements AutoCloseable {

    private static final int TIMEOUT_MS = 20_000;

    private final Socket socket = new Socket();
    private final DataInputStream in;

    public WireClient(int port) throws IOException {
        this(port, 64 * 1024);
    }

    public WireClient(int port, int receiveBuffer) throws IOException {
        socket.setReceiveBufferSize(receiveBuffer);
        socket.setSoTimeout(TIMEOUT_MS);
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MS);
        in = new DataInputStream(socket.getInputStream());
    }

    /** The frame of a request, with its size. */
    public static ByteBuffer frame(ApiKeys key, int version, int correlationId, ApiMessage body) {
        RequestHeaderData header = new RequestHeaderData().setRequestApiKey(key.id).setRequestApiVersion((short) version)
                .setCorrelationId(correlationId).setClientId("wire");
        ByteBuffer head = MessageUtil.toByteBufferAccessor(header, key.requestHeaderVersion((short) version)).buffer();
        ByteBuffer rest = MessageUtil.toByteBufferAccessor(body, (short) version).buffer();
        ByteBuffer frame = ByteBuffer.allocate(4 + head.remaining() + rest.remaining());
        frame.putInt(head.remaining() + rest.remaining()).put(head).put(rest);
        return frame.flip();
    }

    public WireClient patience(int ms) throws IOException {
        socket.setSoTimeout(ms);
        return this;
    }

    public void send(ByteBuffer bytes) throws IOException {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        send(copy);
    }

    public void send(byte... bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    /** The next response frame, without its size. */
    public ByteBuffer receive() throws IOException {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return ByteBuffer.wrap(bytes);
    }

    /** The next response, which must carry this correlation id. */
    public ApiMessage receive(ApiKeys key, int version, int correlationId) throws IOException {
        ByteBuffer bytes = receive();
        ResponseHeader header = ResponseHeader.parse(bytes, key.responseHeaderVersion((short) version));
        if (header.correlationId() != correlationId) {
            throw new AssertionError("Expected the answer to request " + correlationId + " but got that to " + header.correlationId());
        }
        return AbstractResponse.parseResponse(key, new ByteBufferAccessor(bytes), (short) version).data();
    }

    public ApiMessage call(ApiKeys key, int version, ApiMessage body) throws IOException {
        send(frame(key, version, 7, body));
        return receive(key, version, 7);
    }

    /** True when the server closed the connection without sending anything more. */
    public boolean closedByServer() throws IOException {
        try {
            return in.read() < 0;
        } catch (EOFException | SocketException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
