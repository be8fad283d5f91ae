package org.milena.tools.transactions;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
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
import org.milena.tools.transactions.Arguments.HostPort;

/** One request after the other over a socket. Begins with ApiVersions, where this client calls itself {@value #SOFTWARE} (KIP-511). */
final class BrokerConnection implements Closeable {

    private static final String SOFTWARE = "milena-transactions";
    private static final short API_VERSIONS_VERSION = 3;
    private static final short REQUEST_HEADER_VERSION = 1;
    private static final int MAX_ANSWER_BYTES = 100 * 1024 * 1024;

    private final HostPort address;
    private final Socket socket = new Socket();
    private int correlation;

    private BrokerConnection(HostPort address) {
        this.address = address;
    }

    /**
     * @throws IOException   nobody there, in words
     * @throws ToolException somebody there, but no broker that can be asked
     */
    static BrokerConnection open(HostPort address, int timeoutMs) throws IOException, ToolException {
        BrokerConnection connection = new BrokerConnection(address);
        try {
            connection.connect(timeoutMs);
            connection.introduce();
            return connection;
        } catch (IOException | ToolException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private void connect(int timeoutMs) throws IOException {
        InetSocketAddress resolved = new InetSocketAddress(address.host(), address.port());
        if (resolved.isUnresolved()) {
            throw new UnknownHostException("the host is unknown");
        }
        socket.connect(resolved, timeoutMs);
        socket.setSoTimeout(timeoutMs);
        socket.setTcpNoDelay(true);
    }

    private void introduce() throws IOException, ToolException {
        String version = BrokerConnection.class.getPackage().getImplementationVersion();
        ApiVersionsRequestData request = new ApiVersionsRequestData().setClientSoftwareName(SOFTWARE)
                .setClientSoftwareVersion(version == null ? "unknown" : version);
        ApiVersionsResponseData answer;
        try {
            answer = (ApiVersionsResponseData) call(ApiKeys.API_VERSIONS, API_VERSIONS_VERSION, request);
        } catch (EOFException | RuntimeException e) {
            throw new ToolException(address + " is no broker: it does not answer in Kafka's protocol");
        }
        if (answer.errorCode() != Errors.NONE.code() || answer.apiKeys().find(OperatorMessages.KEY) == null) {
            throw new ToolException(address + " knows no XA branches: it is no Milena, or an older one");
        }
    }

    HostPort address() {
        return address;
    }

    /** @throws RuntimeException the answer can't be read */
    ApiMessage call(ApiKeys key, short version, ApiMessage request) throws IOException {
        send(key.id, version, key.requestHeaderVersion(version), MessageUtil.toByteBufferAccessor(request, version).buffer());
        ApiMessage response = ApiMessageType.fromApiKey(key.id).newResponse();
        response.read(new ByteBufferAccessor(receive(key.responseHeaderVersion(version))), version);
        return response;
    }

    /** The answer to a request of Milena's own; the headers are Kafka's, in their versions before tagged fields. */
    ByteBuffer callPrivate(short key, ByteBuffer request) throws IOException {
        send(key, (short) 0, REQUEST_HEADER_VERSION, request);
        return receive((short) 0);
    }

    private void send(short key, short version, short headerVersion, ByteBuffer body) throws IOException {
        RequestHeaderData header = new RequestHeaderData().setRequestApiKey(key).setRequestApiVersion(version).setCorrelationId(++correlation)
                .setClientId(SOFTWARE);
        ByteBuffer head = MessageUtil.toByteBufferAccessor(header, headerVersion).buffer();
        int size = head.remaining() + body.remaining();
        socket.getOutputStream().write(ByteBuffer.allocate(4 + size).putInt(size).put(head).put(body).array());
        socket.getOutputStream().flush();
    }

    private ByteBuffer receive(short headerVersion) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        int size = in.readInt();
        if (size < 0 || size > MAX_ANSWER_BYTES) {
            throw new IllegalStateException("An answer of " + size + " bytes");
        }
        byte[] bytes = new byte[size];
        in.readFully(bytes);
        ByteBuffer answer = ByteBuffer.wrap(bytes);
        int answered = new ResponseHeaderData(new ByteBufferAccessor(answer), headerVersion).correlationId();
        if (answered != correlation) {
            throw new IllegalStateException("An answer to request " + answered + ", not " + correlation);
        }
        return answer;
    }

    /** For the operator. */
    static String why(IOException error) {
        if (error instanceof ConnectException || error instanceof UnknownHostException) {
            return error.getMessage();
        }
        return error instanceof EOFException ? "the connection was closed" : String.valueOf(error.getMessage());
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
