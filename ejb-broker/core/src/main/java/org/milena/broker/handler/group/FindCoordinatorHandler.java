package org.milena.broker.handler.group;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.FindCoordinatorResponseData.Coordinator;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.BrokerImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.time.Timer;

/**
 * FindCoordinator v0-6, for groups and transactions. The first question makes the internal topic and waits for it, which spares
 * the client the COORDINATOR_NOT_AVAILABLE that Kafka answers at once; but not for ever, since the disk may hang. Coordinators of other kinds (share
 * groups) are not served by this broker: INVALID_REQUEST, as Kafka answers for a kind it doesn't know.
 */
public final class FindCoordinatorHandler implements RequestHandler<FindCoordinatorRequestData> {

    public static final byte GROUP = 0;
    public static final byte TRANSACTION = 1;

    /** The request names no timeout; this is shorter than that of any client. */
    static final long PATIENCE_MS = 5_000;

    /**
     * A kind of coordinator.
     *
     * @param partitionFor the partition of the topic that holds a key
     * @param ensureTopic  makes the topic; must not block. May be asked again while it is being made
     */
    public record Kind(String topic, ToIntFunction<String> partitionFor, Supplier<CompletableFuture<?>> ensureTopic) {
    }

    private final Map<Byte, Kind> kinds;
    private final Supplier<MetadataImage> metadata;

    /** @param kinds by the key type of the request */
    public FindCoordinatorHandler(Map<Byte, Kind> kinds, Supplier<MetadataImage> metadata) {
        this.kinds = Map.copyOf(kinds);
        this.metadata = metadata;
    }

    @Override
    public void handle(RequestContext context, FindCoordinatorRequestData request) {
        Kind kind = kinds.get(request.keyType());
        if (kind == null || metadata.get().topic(kind.topic()) != null) {
            context.reply(answer(context.apiVersion(), request));
            return;
        }
        CompletableFuture<?> topic = kind.ensureTopic().get();
        AtomicBoolean answered = new AtomicBoolean();
        Runnable answer = () -> {
            if (answered.compareAndSet(false, true)) {
                // Whether it worked or not: the image says what to answer.
                context.reply(answer(context.apiVersion(), request));
            }
        };
        if (topic.isDone()) {
            answer.run();
            return;
        }
        Timer.Task patience = context.schedule(PATIENCE_MS, answer);
        topic.whenComplete((done, e) -> {
            patience.cancel();
            answer.run();
        });
    }

    private ApiMessage answer(short version, FindCoordinatorRequestData request) {
        if (version >= 4) {
            List<Coordinator> all = request.coordinatorKeys().stream().map(key -> find(request.keyType(), key)).toList();
            return new FindCoordinatorResponseData().setCoordinators(all);
        }
        Coordinator one = find(request.keyType(), request.key());
        return new FindCoordinatorResponseData().setErrorCode(one.errorCode()).setErrorMessage(one.errorMessage())
                .setNodeId(one.nodeId()).setHost(one.host()).setPort(one.port());
    }

    private Coordinator find(byte keyType, String key) {
        Kind kind = kinds.get(keyType);
        if (kind == null) {
            return error(key, Errors.INVALID_REQUEST, "This broker coordinates groups and transactions; key type " + keyType + " is not served.");
        }
        MetadataImage image = metadata.get();
        TopicImage topic = image.topic(kind.topic());
        PartitionImage partition = topic == null ? null : topic.partitions().get(kind.partitionFor().applyAsInt(key));
        for (BrokerImage broker : image.brokers()) {
            if (partition != null && broker.id() == partition.leader()) {
                return new Coordinator().setKey(key).setNodeId(broker.id()).setHost(broker.host()).setPort(broker.port());
            }
        }
        return error(key, Errors.COORDINATOR_NOT_AVAILABLE, Errors.COORDINATOR_NOT_AVAILABLE.message());
    }

    private static Coordinator error(String key, Errors error, String message) {
        return new Coordinator().setKey(key).setNodeId(-1).setHost("").setPort(-1).setErrorCode(error.code()).setErrorMessage(message);
    }
}
