package org.milena.broker.topic;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.requests.ApiError;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.BrokerKeys;
import org.milena.broker.config.ConfigChange;
import org.milena.broker.config.ConfigChange.OpType;
import org.milena.broker.config.ConfigChange.Operation;
import org.milena.broker.config.ConfigKeys;
import org.milena.broker.config.ConfigValidation;
import org.milena.broker.config.GroupKeys;
import org.milena.broker.config.LogConfigs;
import org.milena.broker.config.TopicKeys;

/** Alters the settings of topics, brokers and groups; runs on the serial executor. */
final class ConfigAlteration {

    /**
     * One resource of a request.
     *
     * @param replace true for the older AlterConfigs: keys that are not named go back to their default
     */
    record Alteration(ConfigResource resource, List<Operation> operations, boolean replace) {
    }

    private static final System.Logger LOG = System.getLogger(ConfigAlteration.class.getName());

    private final AdminContext context;

    ConfigAlteration(AdminContext context) {
        this.context = context;
    }

    /** One result for each alteration, in order. */
    List<ApiError> alter(List<Alteration> alterations, boolean validateOnly) {
        Map<ConfigResource, Integer> occurrences = new HashMap<>();
        alterations.forEach(a -> occurrences.merge(a.resource(), 1, Integer::sum));
        List<ApiError> results = new ArrayList<>();
        for (Alteration alteration : alterations) {
            try {
                if (occurrences.get(alteration.resource()) > 1) {
                    throw new InvalidRequestException("Each resource must appear at most once.");
                }
                alter(alteration, validateOnly);
                results.add(ApiError.NONE);
            } catch (RuntimeException e) {
                results.add(ApiError.fromThrowable(e));
            }
        }
        return results;
    }

    private void alter(Alteration alteration, boolean validateOnly) {
        switch (alteration.resource().type()) {
            case TOPIC -> alterTopic(alteration, validateOnly);
            case BROKER -> alterBroker(alteration, validateOnly);
            case GROUP -> alterGroup(alteration, validateOnly);
            default -> throw new InvalidRequestException("Unknown resource type " + alteration.resource().type().id());
        }
    }

    private static Map<String, String> next(Alteration alteration, ConfigKeys keys, Map<String, String> current) {
        return ConfigChange.apply(keys, alteration.replace() ? Map.of() : current, alteration.operations());
    }

    private void alterTopic(Alteration alteration, boolean validateOnly) {
        String name = alteration.resource().name();
        if (name.isEmpty()) {
            throw new InvalidRequestException("Default topic resources are not allowed.");
        }
        Topic.validate(name);
        TopicImage topic = context.image().topic(name);
        Map<String, String> current = topic == null ? Map.of() : topic.configs();
        Map<String, String> next = next(alteration, TopicKeys.KEYS, current);
        ConfigValidation.topic(next, context.config().get());
        if (topic == null) {
            throw new UnknownTopicOrPartitionException("The topic '" + name + "' does not exist.");
        }
        if (!validateOnly) {
            write(topic, current, next);
        }
    }

    private void write(TopicImage topic, Map<String, String> current, Map<String, String> next) {
        context.store().alterConfigs("topic", topic.name(), ConfigChange.difference(current, next));
        boolean held = topic.configsHeld() && !UnknownSettings.known(next);
        if (topic.configsHeld() && !held) {
            context.store().releaseConfigs(topic.id());
            LOG.log(INFO, "Settings of topic {0} are known now: retention and compaction are no longer held", topic.name());
        }
        TopicImage changed = MetadataImages.withConfigs(topic, next, held);
        if (!held) { // what lies beside the logs counts as known, should the database be lost
            saveBesideLogs(changed);
        }
        context.partitions().reconfigure(changed, LogConfigs.of(context.config().get(), next, held));
        context.cache().publish(MetadataImages.with(context.image(), List.of(changed)));
        LOG.log(INFO, "Settings of topic {0} are now {1}", topic.name(), next);
    }

    /** The copy beside the logs serves a lost database; the database has the truth, so nobody waits for it, nor fails with it. */
    private void saveBesideLogs(TopicImage topic) {
        new TopicLogs(context).save(topic).whenComplete((done, error) -> {
            if (error != null) {
                LOG.log(WARNING, "The settings of topic " + topic.name() + " could not be saved beside its logs", TopicChanges.cause(error));
            }
        });
    }

    private void alterBroker(Alteration alteration, boolean validateOnly) {
        String name = alteration.resource().name();
        checkBroker(name);
        MetadataImage image = context.image();
        Map<String, String> current = image.brokerConfigs().getOrDefault(name, Map.of());
        Map<String, String> next = next(alteration, BrokerKeys.KEYS, current);
        ConfigValidation.broker(name, next, context.config().get());
        if (validateOnly) {
            return;
        }
        context.store().alterConfigs("broker", name, ConfigChange.difference(current, next));
        context.cache().publish(MetadataImages.withBrokerConfigs(image, MetadataImages.put(image.brokerConfigs(), name, next)));
        reconfigureAll();
        LOG.log(INFO, "Dynamic settings of {0} are now {1}", name.isEmpty() ? "all brokers" : "broker " + name, next);
    }

    private void checkBroker(String name) {
        if (name.isEmpty()) {
            return;
        }
        int self = context.config().get().nodeId();
        try {
            if (Integer.parseInt(name) != self) {
                throw new InvalidRequestException("Unexpected broker id, expected " + self + ", but received " + name);
            }
        } catch (NumberFormatException e) {
            throw new InvalidRequestException("Node id must be an integer, but it is: " + name);
        }
    }

    /** Defaults changed under every topic. */
    private void reconfigureAll() {
        BrokerConfig config = context.config().get();
        Collection<TopicImage> topics = context.image().topicsById().values();
        topics.forEach(topic -> context.partitions().reconfigure(topic, LogConfigs.of(config, topic.configs(), topic.configsHeld())));
    }

    private void alterGroup(Alteration alteration, boolean validateOnly) {
        String name = alteration.resource().name();
        if (name.isEmpty()) {
            throw new InvalidRequestException("Default group resources are not allowed.");
        }
        MetadataImage image = context.image();
        Map<String, String> current = image.groupConfigs().getOrDefault(name, Map.of());
        Map<String, String> next = next(alteration, GroupKeys.KEYS, current);
        ConfigValidation.group(next, context.config().get());
        if (validateOnly) {
            return;
        }
        context.store().alterConfigs("group", name, ConfigChange.difference(current, next));
        context.cache().publish(MetadataImages.withGroupConfigs(image, MetadataImages.put(image.groupConfigs(), name, next)));
        LOG.log(INFO, "Settings of group {0} are now {1}", name, next);
    }

    /** Reads the operations of a request; an unknown type becomes null, which is refused when its turn comes. */
    static <T> List<Operation> operations(Collection<T> configs, Function<T, String> name, Function<T, Byte> type, Function<T, String> value) {
        List<Operation> result = new ArrayList<>();
        for (T config : configs) {
            result.add(new Operation(name.apply(config), OpType.of(type.apply(config)), value.apply(config)));
        }
        return result;
    }
}
