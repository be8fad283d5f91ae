package org.milena.broker;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Check;
import org.milena.broker.api.LogManagement.Directory;
import org.milena.broker.api.TopicAdministration.Topic;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.topic.UnknownSettings;

/**
 * What health and console say of the broker: the beans pass it on. It answers from memory: no disk that stalls keeps an
 * operator from seeing what is wrong.
 */
public final class BrokerReport {

    private static final String LOGS = "logs";
    private static final String DISK_SPACE = "disk space";
    private static final String TOPICS = "topics";
    private static final String THREADS = "threads";

    private final Broker broker;
    private final Pulse pulse;

    BrokerReport(Broker broker, Pulse pulse) {
        this.broker = broker;
        this.pulse = pulse;
    }

    /** Adds the broker's checks; after {@link Broker#listen}. */
    public void register(BrokerStatus status) {
        status.addReadiness(LOGS, this::logDirectories);
        status.addReadiness(DISK_SPACE, this::diskSpace);
        status.addReadiness(TOPICS, this::heldTopics);
        status.addLiveness(THREADS, pulse::check);
    }

    /** Before the broker is closed. */
    public void unregister(BrokerStatus status) {
        List.of(LOGS, DISK_SPACE, TOPICS, THREADS).forEach(status::removeChecks);
    }

    private Check logDirectories() {
        List<String> failures = broker.logs().directories().stream().flatMap(d -> d.failure().stream()).toList();
        return failures.isEmpty() ? Check.up(Map.of("directories", String.valueOf(broker.logs().directories().size())))
                : Check.down(String.join("; ", failures));
    }

    private Check diskSpace() {
        List<String> refusals = broker.diskSpace().refusals();
        return refusals.isEmpty() ? Check.up(Map.of()) : Check.down(String.join("; ", refusals));
    }

    /** Topics that are held do not make the broker unready; an operator must see them all the same. */
    private Check heldTopics() {
        String held = topics().stream().filter(Topic::configsHeld).map(Topic::name).collect(Collectors.joining(", "));
        return Check.up(held.isEmpty() ? Map.of() : Map.of("settings unknown, so nothing is deleted from", held,
                "until these are set for each of them", UnknownSettings.WANTED));
    }

    /** By name. */
    public List<Topic> topics() {
        return broker.metadata().image().topicsByName().values().stream()
                .map(t -> new Topic(t.name(), t.partitions().size(), t.internal(), t.configsHeld()))
                .sorted(Comparator.comparing(Topic::name)).toList();
    }

    public List<Directory> directories() {
        return broker.logs().directories().stream().map(directory -> {
            List<PartitionLog> here = broker.logs().logs().stream().filter(log -> log.directory() == directory).toList();
            return new Directory(directory.path(), here.size(), here.stream().mapToLong(PartitionLog::size).sum(), directory.failure().orElse(null));
        }).toList();
    }

    /** What clients are told, as {@code host:port}. */
    public List<String> advertised() {
        return broker.metadata().image().brokers().stream().map(b -> b.host() + ":" + b.port()).toList();
    }

    public int connections() {
        return broker.server().connectionCount();
    }

    public String clusterId() {
        return broker.metadata().image().clusterId();
    }
}
