package org.milena.broker.handler.admin;

import java.util.function.Supplier;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.PushTelemetryRequestData;
import org.apache.kafka.common.message.PushTelemetryResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** PushTelemetry (key 72, KIP-714): checked as Kafka checks it; there is no subscription to keep any of it for. */
final class PushTelemetryHandler implements RequestHandler<PushTelemetryRequestData> {

    private final Supplier<BrokerConfig> config;

    PushTelemetryHandler(Supplier<BrokerConfig> config) {
        this.config = config;
    }

    @Override
    public void handle(RequestContext context, PushTelemetryRequestData request) {
        context.reply(new PushTelemetryResponseData().setErrorCode(check(request).code()));
    }

    private Errors check(PushTelemetryRequestData request) {
        Uuid client = request.clientInstanceId();
        if (client == null || Uuid.RESERVED.contains(client)) {
            return Errors.INVALID_REQUEST;
        }
        if (request.subscriptionId() != GetTelemetrySubscriptionsHandler.subscriptionId(client)) {
            return Errors.UNKNOWN_SUBSCRIPTION_ID;
        }
        boolean accepted = request.compressionType() == 0 || GetTelemetrySubscriptionsHandler.ACCEPTED.stream()
                .anyMatch(type -> type.id == request.compressionType());
        if (!accepted) {
            return Errors.UNSUPPORTED_COMPRESSION_TYPE;
        }
        return request.metrics() != null && request.metrics().remaining() > config.get().intValue("telemetry.max.bytes")
                ? Errors.TELEMETRY_TOO_LARGE : Errors.NONE;
    }
}
