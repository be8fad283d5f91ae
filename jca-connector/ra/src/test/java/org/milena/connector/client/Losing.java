package org.milena.connector.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.kafka.common.protocol.ApiKeys;

/**
 * Loses the answer to every other request of some kinds, and the connection with it: the broker has carried it out.
 *
 * @param asked counts the requests of these kinds
 */
record Losing(Dialer dialer, Set<Short> keys, AtomicInteger asked) implements Dialer {

    Losing(Dialer dialer, List<ApiKeys> kinds, AtomicInteger asked) {
        this(dialer, kinds.stream().map(kind -> kind.id).collect(Collectors.toSet()), asked);
    }

    @Override
    public List<Endpoint> bootstrap() {
        return dialer.bootstrap();
    }

    @Override
    public Transport open(Endpoint endpoint) throws IOException {
        Transport transport = dialer.open(endpoint);
        return new Transport() {
            @Override
            public CompletionStage<ByteBuffer> send(ByteBuffer frame) {
                short key = frame.getShort(frame.position());
                boolean lose = keys.contains(key) && asked.getAndIncrement() % 2 == 0;
                CompletionStage<ByteBuffer> answer = transport.send(frame);
                return !lose ? answer : answer.thenCompose(lost -> {
                    transport.close();
                    return CompletableFuture.failedFuture(new IOException("the answer is lost"));
                });
            }

            @Override
            public boolean isOpen() {
                return transport.isOpen();
            }

            @Override
            public void close() {
                transport.close();
            }
        };
    }
}
