package org.milena.connector.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.MessageUtil;
import org.junit.jupiter.api.Test;

/** How many connections to a broker there are, and which is taken. */
class BrokerConnectionsTest {

    private static final Endpoint BROKER = new Endpoint(1, "broker", 9092);

    /** Answers ApiVersions, and nothing else. */
    private static final class Silent implements Transport {
        private boolean introduced;
        private boolean closed;

        @Override
        public CompletionStage<ByteBuffer> send(ByteBuffer frame) {
            if (introduced) {
                return new CompletableFuture<>();
            }
            introduced = true;
            ByteBuffer head = MessageUtil.toByteBufferAccessor(new ResponseHeaderData().setCorrelationId(0), (short) 0).buffer();
            ByteBuffer body = MessageUtil.toByteBufferAccessor(new ApiVersionsResponseData(), (short) 3).buffer();
            return CompletableFuture.completedFuture(ByteBuffer.allocate(head.remaining() + body.remaining()).put(head).put(body).flip());
        }

        @Override
        public boolean isOpen() {
            return !closed;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private int opened;
    private int allowed = Integer.MAX_VALUE;
    private final BrokerConnections connections = new BrokerConnections(BROKER, deadline -> {
        if (opened == allowed) {
            throw ClientException.unreachable("too many", new IOException("too many"));
        }
        opened++;
        return BrokerConnection.open(BROKER, new Silent(), ClientConfig.DEFAULT, deadline);
    });

    private BrokerConnection get() throws ClientException {
        return connections.get(Deadline.after(10_000));
    }

    private static void ask(BrokerConnection connection) {
        connection.send(ApiKeys.API_VERSIONS, (short) 3, new ApiVersionsRequestData());
    }

    @Test
    void whoComesAloneGetsTheSameAlways() throws Exception {
        assertThat(connections.anyOpen()).isNull();
        BrokerConnection first = get();
        assertThat(List.of(get(), get(), connections.anyOpen())).containsOnly(first);
        assertThat(opened).isEqualTo(1);
    }

    @Test
    void eachThatWaitsHasItsOwnUntilThereAreTooMany() throws Exception {
        Set<BrokerConnection> taken = new HashSet<>();
        for (int i = 0; i < BrokerConnections.MOST; i++) {
            BrokerConnection connection = get();
            ask(connection);
            assertThat(taken.add(connection)).as("connection " + i).isTrue();
        }
        BrokerConnection shared = get();
        assertThat(taken).contains(shared);
        assertThat(opened).isEqualTo(BrokerConnections.MOST);
        ask(shared);
        assertThat(get()).as("the least busy").isNotSameAs(shared);
    }

    @Test
    void whereABrokerAllowsNoMoreThoseThatAreThereAreShared() throws Exception {
        allowed = 1;
        BrokerConnection only = get();
        ask(only);
        assertThat(get()).isSameAs(only);
        allowed = 2;
        assertThat(get()).as("not asked again at once").isSameAs(only);
        only.close();
        assertThat(get()).as("without any it is").isNotSameAs(only);
    }

    @Test
    void withoutAnyTheErrorIsTold() {
        allowed = 0;
        assertThatThrownBy(this::get).isInstanceOf(ClientException.class).hasMessageContaining("too many");
    }

    @Test
    void closingClosesAll() throws Exception {
        BrokerConnection first = get();
        ask(first);
        BrokerConnection second = get();
        connections.close();
        assertThat(List.of(first.isOpen(), second.isOpen())).containsOnly(false);
    }
}
