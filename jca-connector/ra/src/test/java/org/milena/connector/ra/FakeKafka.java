package org.milena.connector.ra;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.MessageUtil;

/** Says in ApiVersions that it serves all that Apache Kafka does; and then no more. */
final class FakeKafka implements AutoCloseable {

    private final ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());

    FakeKafka() throws IOException {
        Thread answers = new Thread(this::run);
        answers.setDaemon(true);
        answers.start();
    }

    String bootstrap() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    private void run() {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                answer(socket);
            } catch (IOException e) {
                // the client has gone, or the test has ended
            }
        }
    }

    private static void answer(Socket socket) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        ByteBuffer request = ByteBuffer.wrap(in.readNBytes(in.readInt()));
        ApiVersionsResponseData answer = new ApiVersionsResponseData();
        ApiKeys.brokerApis().forEach(key -> answer.apiKeys().add(new ApiVersionsResponseData.ApiVersion().setApiKey(key.id)
                .setMinVersion(key.oldestVersion()).setMaxVersion(key.latestVersion())));
        ByteBuffer body = MessageUtil.toByteBufferAccessor(answer, (short) 3).buffer();
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        out.writeInt(4 + body.remaining());
        out.writeInt(request.getInt(4));
        out.write(body.array(), body.arrayOffset() + body.position(), body.remaining());
        out.flush();
        in.read();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
