package org.milena.broker.handler.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.milena.broker.cluster.MetadataStore;
import org.milena.broker.cluster.ProducerIds;
import org.milena.broker.network.RequestContext;
import org.milena.broker.transaction.TransactionCoordinator;

class InitProducerIdHandlerTest {

    private Throwable failure;
    private final MetadataStore store = (MetadataStore) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {MetadataStore.class},
            (proxy, method, args) -> {
                if (failure != null) {
                    throw failure;
                }
                return 5_000L;
            });
    private final ProducerIds ids = new ProducerIds(store, Runnable::run, () -> -1);
    private final InitProducerIdHandler handler = new InitProducerIdHandler(new TransactionCoordinator(null, null, null, null, null, ids::next, null, null, null));

    private InitProducerIdResponseData call() {
        List<InitProducerIdResponseData> answers = new ArrayList<>();
        RequestContext context = (RequestContext) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {RequestContext.class},
                (proxy, method, args) -> {
                    if (method.getName().equals("apiVersion")) {
                        return (short) 5;
                    }
                    assertThat(method.getName()).isEqualTo("reply");
                    answers.add((InitProducerIdResponseData) args[0]);
                    return null;
                });
        handler.handle(context, new InitProducerIdRequestData().setTransactionalId(null));
        return answers.get(0);
    }

    /** Producers give up for good at any other error; Kafka answers with this one while it has no ids at hand. */
    @Test
    void whileTheDatabaseFailsProducersAreToldToTryAgain() {
        for (Throwable each : List.of(new IllegalStateException("the database is gone"), new NoClassDefFoundError("driver"))) {
            failure = each;
            InitProducerIdResponseData answer = call();
            assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
            assertThat(answer.producerId()).isEqualTo(-1);
        }
        failure = null;
        assertThat(call().producerId()).isEqualTo(5_000);
    }
}
