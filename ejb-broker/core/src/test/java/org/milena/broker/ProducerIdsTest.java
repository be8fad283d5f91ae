package org.milena.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.cluster.MetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

class ProducerIdsTest {

    @TempDir
    Path dir;

    /** Each new producer needs an id before its first record; creating many topics, or deleting from a slow disk, takes its time. */
    @Test
    void producersGetTheirIdsWhileATopicIsBeingCreated() throws Exception {
        InMemoryMetadataStore memory = new InMemoryMetadataStore();
        CountDownLatch creating = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        MetadataStore store = (MetadataStore) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {MetadataStore.class},
                (proxy, method, args) -> {
                    if (method.getName().equals("createTopic")) {
                        creating.countDown();
                        go.await();
                    }
                    try {
                        return method.invoke(memory, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        try (EmbeddedBroker embedded = EmbeddedBroker.start(dir, store, Map.of())) {
            try {
                embedded.broker().topics().autoCreate(List.of("t"));
                assertThat(creating.await(20, TimeUnit.SECONDS)).isTrue();
                CompletableFuture<Long> id = new CompletableFuture<>();
                embedded.broker().producerIds().next((given, error) -> id.complete(given));
                assertThat(id.get(20, TimeUnit.SECONDS)).isNotNegative();
            } finally {
                go.countDown();
            }
        }
    }
}
