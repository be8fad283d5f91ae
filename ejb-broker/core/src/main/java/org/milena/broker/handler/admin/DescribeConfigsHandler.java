package org.milena.broker.handler.admin;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResourceResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsSynonym;
import org.apache.kafka.common.requests.ApiError;
import org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigType;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.ConfigDescriber;
import org.milena.broker.config.ConfigKey;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** DescribeConfigs (key 32): topics, this broker, the cluster-wide broker defaults, consumer groups. */
final class DescribeConfigsHandler implements RequestHandler<DescribeConfigsRequestData> {

    private final MetadataCache cache;
    private final Supplier<BrokerConfig> config;

    DescribeConfigsHandler(MetadataCache cache, Supplier<BrokerConfig> config) {
        this.cache = cache;
        this.config = config;
    }

    @Override
    public void handle(RequestContext context, DescribeConfigsRequestData request) {
        DescribeConfigsResponseData response = new DescribeConfigsResponseData();
        for (DescribeConfigsResource resource : request.resources()) {
            DescribeConfigsResult result = new DescribeConfigsResult().setResourceName(resource.resourceName())
                    .setResourceType(resource.resourceType()).setErrorMessage(null);
            try {
                for (ConfigDescriber.Entry entry : entries(resource)) {
                    if (asked(resource, entry)) {
                        result.configs().add(describe(entry, request));
                    }
                }
            } catch (RuntimeException e) {
                ApiError error = ApiError.fromThrowable(e);
                result.setErrorCode(error.error().code()).setErrorMessage(error.messageWithFallback());
            }
            response.results().add(result);
        }
        context.reply(response);
    }

    private static boolean asked(DescribeConfigsResource resource, ConfigDescriber.Entry entry) {
        List<String> keys = resource.configurationKeys();
        return keys == null || keys.isEmpty() || keys.contains(entry.key().name());
    }

    private List<ConfigDescriber.Entry> entries(DescribeConfigsResource resource) {
        String name = resource.resourceName();
        ConfigResource.Type type = ConfigResource.Type.forId(resource.resourceType());
        switch (type) {
            case TOPIC -> {
                Topic.validate(name);
                TopicImage topic = cache.image().topic(name);
                if (topic == null) {
                    throw new UnknownTopicOrPartitionException();
                }
                return ConfigDescriber.topic(config.get(), topic.configs());
            }
            case BROKER -> {
                return name.isEmpty() ? ConfigDescriber.clusterDefault(config.get()) : broker(name);
            }
            case GROUP -> {
                if (name.isEmpty()) {
                    throw new InvalidRequestException("Group name must not be empty");
                }
                return ConfigDescriber.group(config.get(), cache.image().groupConfigs().getOrDefault(name, Map.of()));
            }
            default -> throw new InvalidRequestException("Unsupported resource type: " + type);
        }
    }

    private List<ConfigDescriber.Entry> broker(String name) {
        int id;
        try {
            id = Integer.parseInt(name);
        } catch (NumberFormatException e) {
            throw new InvalidRequestException("Broker id must be an integer, but it is: " + name);
        }
        if (id != config.get().nodeId()) {
            throw new InvalidRequestException("Unexpected broker id, expected " + config.get().nodeId()
                    + " or empty string, but received " + name);
        }
        return ConfigDescriber.broker(config.get());
    }

    private static DescribeConfigsResourceResult describe(ConfigDescriber.Entry entry, DescribeConfigsRequestData request) {
        ConfigKey key = entry.key();
        DescribeConfigsResourceResult result = new DescribeConfigsResourceResult().setName(key.name()).setValue(entry.value())
                .setConfigSource(entry.source().id()).setIsSensitive(key.sensitive()).setReadOnly(!key.actsWithoutRestart())
                .setConfigType(type(key.type()).id()).setDocumentation(request.includeDocumentation() ? key.documentation() : null);
        if (request.includeSynonyms()) {
            entry.synonyms().forEach(synonym -> result.synonyms().add(new DescribeConfigsSynonym().setName(synonym.name())
                    .setValue(synonym.value()).setSource(synonym.source().id())));
        }
        return result;
    }

    private static ConfigType type(ConfigDef.Type type) {
        return switch (type) {
            case BOOLEAN -> ConfigType.BOOLEAN;
            case STRING -> ConfigType.STRING;
            case INT -> ConfigType.INT;
            case SHORT -> ConfigType.SHORT;
            case LONG -> ConfigType.LONG;
            case DOUBLE -> ConfigType.DOUBLE;
            case LIST -> ConfigType.LIST;
            case CLASS -> ConfigType.CLASS;
            case PASSWORD -> ConfigType.PASSWORD;
        };
    }
}
