package org.milena.broker.handler.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import javax.transaction.xa.XAException;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.Struct;
import org.milena.broker.network.WireClient;
import org.milena.broker.transaction.BranchRequest;

/** The private requests on a socket; that of transaction managers for resource manager {@code crm}. */
final class BranchWire {

    private BranchWire() {
    }

    static Struct call(WireClient wire, BranchMessages.Action action, BranchRequest... branches) throws IOException {
        return call(wire, BranchMessages.request(action, "crm", branches));
    }

    static Struct call(WireClient wire, Struct request) throws IOException {
        return call(wire, BranchMessages.KEY, request, BranchMessages.RESPONSE);
    }

    /** That of operators. */
    static Struct operate(WireClient wire, OperatorMessages.Action action, BranchRequest... branches) throws IOException {
        return operate(wire, OperatorMessages.request(action, branches));
    }

    static Struct operate(WireClient wire, Struct request) throws IOException {
        return call(wire, OperatorMessages.KEY, request, OperatorMessages.RESPONSE);
    }

    private static Struct call(WireClient wire, short key, Struct request, Schema responses) throws IOException {
        ByteBuffer body = ByteBuffer.allocate(request.sizeOf());
        request.writeTo(body);
        wire.send(frame(key, 0, body.flip()));
        ByteBuffer answer = wire.receive();
        assertThat(answer.getInt()).as("correlation id").isEqualTo(42);
        Struct response = responses.read(answer);
        assertThat(answer.hasRemaining()).isFalse();
        return response;
    }

    static ByteBuffer frame(short key, int version, ByteBuffer body) {
        RequestHeaderData header = new RequestHeaderData().setRequestApiKey(key).setRequestApiVersion((short) version).setCorrelationId(42)
                .setClientId("connector");
        ByteBuffer head = MessageUtil.toByteBufferAccessor(header, (short) 1).buffer();
        return ByteBuffer.allocate(4 + head.remaining() + body.remaining()).putInt(head.remaining() + body.remaining()).put(head).put(body).flip();
    }

    /** Asks again while it is told to: coordinators are loading, or the markers of the branch are on their way. */
    static int settled(WireClient wire, BranchMessages.Action action, BranchRequest branch) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        int code;
        do {
            code = code(call(wire, action, branch));
        } while (code == XAException.XAER_RMFAIL && System.nanoTime() < deadline);
        return code;
    }

    /** What recover finds, once the coordinators can say. */
    static Object[] recover(WireClient wire) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        Struct response;
        do {
            response = call(wire, BranchMessages.Action.RECOVER);
        } while (response.getInt("xa_code") == XAException.XAER_RMFAIL && System.nanoTime() < deadline);
        assertThat(response.getInt("xa_code")).isZero();
        return response.getArray("branches");
    }

    /** Of the only branch. */
    static int code(Struct response) {
        assertThat(response.getInt("xa_code")).isZero();
        return ((Struct) response.getArray("branches")[0]).getInt("xa_code");
    }
}
