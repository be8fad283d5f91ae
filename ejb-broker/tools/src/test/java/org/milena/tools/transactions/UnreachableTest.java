package org.milena.tools.transactions;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import javax.transaction.xa.XAException;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.protocol.MessageUtil;
import org.junit.jupiter.api.Test;

/** Somebody else at the address, or nobody; or a broker that can't say. */
class UnreachableTest {

    /** Serves one connection. */
    private interface Peer {
        void serve(DataInputStream in, OutputStream out) throws IOException;
    }

    /** What the tool says of a peer, which it knows as ADDRESS. */
    private static String complaint(Peer peer, String... more) throws IOException {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> served = CompletableFuture.runAsync(() -> {
                try (Socket socket = server.accept()) {
                    peer.serve(new DataInputStream(socket.getInputStream()), socket.getOutputStream());
                } catch (IOException e) {
                    // the tool has gone
                }
            });
            String address = "127.0.0.1:" + server.getLocalPort();
            String complaint = Ran.with("", Stream.concat(Stream.of("--bootstrap-server", address, "list"), Arrays.stream(more)).toArray(String[]::new))
                    .failed();
            served.join();
            return complaint.replace(address, "ADDRESS");
        }
    }

    private static void answer(DataInputStream in, OutputStream out, byte[] body) throws IOException {
        byte[] request = new byte[in.readInt()];
        in.readFully(request);
        int correlation = ByteBuffer.wrap(request).getInt(4);
        out.write(ByteBuffer.allocate(8 + body.length).putInt(4 + body.length).putInt(correlation).put(body).array());
    }

    /** The body of an ApiVersions answer. */
    private static byte[] versions(int... keys) {
        ApiVersionsResponseData answer = new ApiVersionsResponseData();
        for (int key : keys) {
            answer.apiKeys().add(new ApiVersion().setApiKey((short) key));
        }
        return MessageUtil.toByteBufferAccessor(answer, (short) 3).buffer().array();
    }

    /** Of a broker that serves the request for operators: to that, this body, as often as it is asked. */
    private static Peer milena(byte[] body) {
        return (in, out) -> {
            answer(in, out, versions(OperatorMessages.KEY));
            while (true) {
                answer(in, out, body);
            }
        };
    }

    @Test
    void nobodyListens() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        String nobody = "Can't connect to 127.0.0.1:" + port + ": Connection refused";
        assertThat(Ran.with("", "--bootstrap-server", "127.0.0.1:" + port, "list").failed()).isEqualTo(nobody + ".\n");
        assertThat(Ran.with("", "--bootstrap-server", "127.0.0.1:" + port + ",nowhere.invalid:9092", "list").failed())
                .isEqualTo(nobody + "; Can't connect to nowhere.invalid:9092: the host is unknown.\n");
    }

    @Test
    void anApacheKafka() throws IOException {
        assertThat(complaint((in, out) -> answer(in, out, versions(0, 1, 2, 3, 18)))).isEqualTo("ADDRESS knows no XA branches: it is no Milena, or an older one.\n");
    }

    @Test
    void noBrokerAtAll() throws IOException {
        assertThat(complaint((in, out) -> {
            in.readFully(new byte[in.readInt()]);
            out.write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        })).isEqualTo("ADDRESS is no broker: it does not answer in Kafka's protocol.\n");
        assertThat(complaint((in, out) -> in.readFully(new byte[in.readInt()]))).as("it hangs up")
                .isEqualTo("ADDRESS is no broker: it does not answer in Kafka's protocol.\n");
    }

    @Test
    void aBrokerThatCanNotSayYet() throws IOException {
        byte[] later = ByteBuffer.allocate(16).putInt(XAException.XAER_RMFAIL).putLong(1).putInt(0).array();
        assertThat(complaint(milena(later), "--timeout-ms", "2000"))
                .isEqualTo("ADDRESS can't say within 2000 ms which branches wait: its coordinators are being loaded, or a disk fails.\n");
    }

    @Test
    void aBrokerThatRefuses() throws IOException {
        byte[] invalid = ByteBuffer.allocate(16).putInt(XAException.XAER_INVAL).putLong(1).putInt(0).array();
        assertThat(complaint(milena(invalid))).isEqualTo("ADDRESS refuses the request: XA code -5.\n");
    }

    @Test
    void aBrokerThatGoesAway() throws IOException {
        assertThat(complaint((in, out) -> {
            answer(in, out, versions(OperatorMessages.KEY));
            in.readFully(new byte[in.readInt()]);
        })).isEqualTo("ADDRESS gave no answer: the connection was closed. Look with list what has happened.\n");
    }

    @Test
    void anAnswerOfOtherBytes() throws IOException {
        assertThat(complaint(milena(new byte[] {1, 2, 3})))
                .startsWith("ADDRESS gave an answer that can't be read: org.apache.kafka.common.protocol.types.SchemaException");
    }
}
