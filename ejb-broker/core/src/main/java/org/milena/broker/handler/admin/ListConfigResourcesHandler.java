package org.milena.broker.handler.admin;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.ListConfigResourcesRequestData;
import org.apache.kafka.common.message.ListConfigResourcesResponseData;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/**
 * ListConfigResources (key 74, KIP-1142). Version 0 was ListClientMetricsResources; this broker has no client metrics subscriptions and
 * no broker loggers, so those types are understood and empty.
 */
final class ListConfigResourcesHandler implements RequestHandler<ListConfigResourcesRequestData> {

    private static final Set<Type> KNOWN = EnumSet.of(Type.TOPIC, Type.BROKER, Type.BROKER_LOGGER, Type.CLIENT_METRICS, Type.GROUP);

    private final MetadataCache cache;

    ListConfigResourcesHandler(MetadataCache cache) {
        this.cache = cache;
    }

    @Override
    public void handle(RequestContext context, ListConfigResourcesRequestData request) {
        Set<Type> types = EnumSet.noneOf(Type.class);
        if (context.apiVersion() == 0) {
            types.add(Type.CLIENT_METRICS);
        } else if (request.resourceTypes().isEmpty()) {
            types.addAll(KNOWN);
        } else {
            request.resourceTypes().forEach(type -> types.add(ConfigResource.Type.forId(type)));
            if (!KNOWN.containsAll(types)) {
                throw new UnsupportedVersionException("Can't list resources of these types: " + types);
            }
        }
        MetadataImage image = cache.image();
        ListConfigResourcesResponseData response = new ListConfigResourcesResponseData();
        for (Type type : types) {
            for (String name : names(type, image)) {
                response.configResources().add(new ListConfigResourcesResponseData.ConfigResource().setResourceType(type.id())
                        .setResourceName(name));
            }
        }
        context.reply(response);
    }

    private static List<String> names(Type type, MetadataImage image) {
        return switch (type) {
            case TOPIC -> image.topicsByName().keySet().stream().sorted().toList();
            case BROKER -> image.brokers().stream().map(broker -> String.valueOf(broker.id())).toList();
            case GROUP -> image.groupConfigs().keySet().stream().sorted().toList();
            default -> List.of();
        };
    }
}
