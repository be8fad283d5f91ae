package org.milena.broker.handler.admin;

import java.nio.file.Path;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.milena.broker.handler.ApiRegistry;
import org.milena.broker.topic.AdminFixture;

/** All handlers of this package over {@link AdminFixture}. */
final class HandlerFixture {

    final AdminFixture broker;
    final ApiRegistry registry = new ApiRegistry();

    HandlerFixture(Path directory, String... statics) {
        this(new AdminFixture(directory, statics));
    }

    /** Over a broker that has been started anew. */
    HandlerFixture(AdminFixture broker) {
        this.broker = broker;
        AdminHandlers.register(registry, broker.cache, broker.config, broker.admin);
    }

    /** Sends a request and gives the answer, both through the wire format of {@code version}. */
    <T extends ApiMessage> T call(ApiKeys key, int version, ApiMessage request, Class<T> answer) {
        return answer.cast(send(key, version, request).reply());
    }

    CapturingContext send(ApiKeys key, int version, ApiMessage request) {
        CapturingContext context = new CapturingContext(key, version, request);
        try {
            registry.get(key).handler().handle(context, context.request());
        } catch (RuntimeException e) {
            context.fail(e);
        }
        return context;
    }
}
