package org.milena.broker.handler.group;

import java.util.List;
import java.util.function.Supplier;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.FindCoordinatorResponseData.Coordinator;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.BrokerImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.GroupConfig;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.group.OffsetsTopic;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/**
 * FindCoordinator v0-6, for groups. The first question makes {@code __consumer_offsets}. Coordinators of other kinds (transactions,
 * share groups) are not served by this broker: INVALID_REQUEST, as Kafka answers for a kind it doesn't know.
 */
public final class FindCoordinatorHandler implements RequestHandler<FindCoordinatorRequestData> {

    private static final byte GROUP = 0;

    private final GroupCoordinator coordinator;
    private final Supplier<MetadataImage> metadata;
    private final OffsetsTopic offsetsTopic;
    private final Supplier<GroupConfig> config;

    public FindCoordinatorHandler(GroupCoordinator coordinator, Supplier<MetadataImage> metadata, OffsetsTopic offsetsTopic,
                                  Supplier<GroupConfig> config) {
        this.coordinator = coordinator;
        this.metadata = metadata;
        this.offsetsTopic = offsetsTopic;
        this.config = config;
    }

    @Override
    public void handle(RequestContext context, FindCoordinatorRequestData request) {
        if (request.keyType() != GROUP || metadata.get().topic(OffsetsTopic.NAME) != null) {
            context.reply(answer(context.apiVersion(), request));
            return;
        }
        // Whether it worked or not: the image says what to answer.
        offsetsTopic.ensureExists(config.get().offsets()).whenComplete((done, e) -> context.reply(answer(context.apiVersion(), request)));
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
        if (keyType != GROUP) {
            return error(key, Errors.INVALID_REQUEST, "This broker coordinates groups; key type " + keyType + " is not served.");
        }
        MetadataImage image = metadata.get();
        TopicImage topic = image.topic(OffsetsTopic.NAME);
        PartitionImage partition = topic == null ? null : topic.partitions().get(coordinator.partitionFor(key));
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
