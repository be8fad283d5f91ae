package org.milena.broker.topic;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.BrokerImage;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.CurrentBrokerConfig;
import org.milena.broker.time.BrokerClock;

/** Topic administration over fakes; everything runs on the caller's thread unless {@link #queue} holds it back. */
public final class AdminFixture {

    public static final BrokerImage SELF = new BrokerImage(1, "localhost", 9092, "rack-a");

    public final InMemoryMetadataStore store;
    public final FakeLogs logs;
    public MetadataCache cache;
    public CurrentBrokerConfig config;
    public TopicAdministration admin;
    public AdminContext context;
    public Executor queue = Runnable::run;
    public java.util.function.Function<String, java.util.concurrent.CompletableFuture<Void>> deletable =
            topic -> java.util.concurrent.CompletableFuture.completedFuture(null);
    public Executor disks = Runnable::run;
    public long nanos;
    private final Map<String, String> statics;

    public AdminFixture(Path directory, String... statics) {
        this(new InMemoryMetadataStore(), new FakeLogs(directory), map(statics));
    }

    public AdminFixture(InMemoryMetadataStore store, FakeLogs logs, Map<String, String> statics) {
        this.store = store;
        this.logs = logs;
        this.statics = statics;
        start();
    }

    /** Starts the broker anew over the same store and logs. */
    public void start() {
        logs.restart();
        config = new CurrentBrokerConfig(BrokerConfig.of(statics));
        cache = new MetadataCache(MetadataImages.empty("none"));
        cache.addListener(config);
        context = new AdminContext(config, store, cache, logs, logs, task -> queue.execute(task), directory -> disks,
                (topic, deletion) -> deletable.apply(topic).thenCompose(yes -> deletion.get()));
        admin = new TopicAdministration(context, new BrokerClock() {
            @Override public long millis() {
                return 0;
            }

            @Override public long nanoTime() {
                return nanos;
            }
        });
        admin.start("cluster-of-tests", List.of(SELF));
    }

    public MetadataImage image() {
        return cache.image();
    }

    public CreatableTopicResult create(String name, int partitions, String... configs) {
        return create(topic(name, partitions, configs));
    }

    public CreatableTopicResult create(CreatableTopic topic) {
        CreateTopicsRequestData request = new CreateTopicsRequestData().setTimeoutMs(1000);
        request.topics().add(topic);
        return admin.createTopics(request).join().topics().find(topic.name());
    }

    public static CreatableTopic topic(String name, int partitions, String... configs) {
        CreatableTopic topic = new CreatableTopic().setName(name).setNumPartitions(partitions).setReplicationFactor((short) -1);
        for (int i = 0; i < configs.length; i += 2) {
            topic.configs().add(new CreatableTopicConfig().setName(configs[i]).setValue(configs[i + 1]));
        }
        return topic;
    }

    public static Map<String, String> map(String... pairs) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(pairs[i], pairs[i + 1]);
        }
        return map;
    }
}
