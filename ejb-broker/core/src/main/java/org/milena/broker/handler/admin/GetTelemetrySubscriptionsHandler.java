package org.milena.broker.handler.admin;

import java.util.List;
import java.util.function.Supplier;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.GetTelemetrySubscriptionsRequestData;
import org.apache.kafka.common.message.GetTelemetrySubscriptionsResponseData;
import org.apache.kafka.common.record.internal.CompressionType;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/**
 * GetTelemetrySubscriptions (key 71, KIP-714). Nobody can subscribe to client metrics here, so every client gets the empty
 * subscription that Kafka gives where none is configured: it asks again after the interval and pushes nothing.
 */
final class GetTelemetrySubscriptionsHandler implements RequestHandler<GetTelemetrySubscriptionsRequestData> {

    static final int PUSH_INTERVAL_MS = 300_000;
    static final List<CompressionType> ACCEPTED = List.of(CompressionType.ZSTD, CompressionType.LZ4, CompressionType.GZIP, CompressionType.SNAPPY);

    private final Supplier<BrokerConfig> config;

    GetTelemetrySubscriptionsHandler(Supplier<BrokerConfig> config) {
        this.config = config;
    }

    /** Of the empty subscription: differs from client to client, as Kafka's does. */
    static int subscriptionId(Uuid client) {
        return client.hashCode();
    }

    @Override
    public void handle(RequestContext context, GetTelemetrySubscriptionsRequestData request) {
        Uuid asked = request.clientInstanceId();
        Uuid client = asked == null || asked.equals(Uuid.ZERO_UUID) ? Uuid.randomUuid() : asked;
        context.reply(new GetTelemetrySubscriptionsResponseData().setClientInstanceId(client).setSubscriptionId(subscriptionId(client))
                .setAcceptedCompressionTypes(ACCEPTED.stream().map(type -> type.id).toList()).setPushIntervalMs(PUSH_INTERVAL_MS)
                .setTelemetryMaxBytes(config.get().intValue("telemetry.max.bytes")).setDeltaTemporality(true).setRequestedMetrics(List.of()));
    }
}
