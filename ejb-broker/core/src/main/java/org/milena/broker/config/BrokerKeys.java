package org.milena.broker.config;

import static org.milena.broker.config.ConfigKey.Unit.BYTES;
import static org.milena.broker.config.ConfigKey.Unit.BYTES_PER_SECOND;
import static org.milena.broker.config.ConfigKey.Unit.COUNT;
import static org.milena.broker.config.ConfigKey.Unit.HOURS;
import static org.milena.broker.config.ConfigKey.Unit.MILLISECONDS;
import static org.milena.broker.config.ConfigKey.Unit.MINUTES;

import org.apache.kafka.common.config.ConfigDef.Type;
import org.milena.broker.config.ConfigKey.Scope;

/**
 * The keys of the broker. Names, types and defaults are Kafka's unless the documentation says otherwise; keys of ours begin
 * with {@code milena.}. A key that would not act is not here, and refused.
 */
public final class BrokerKeys {

    public static final ConfigKeys KEYS = new ConfigKeys();

    private static final String MAX_INT = String.valueOf(Integer.MAX_VALUE);
    private static final String MAX_LONG = String.valueOf(Long.MAX_VALUE);

    static {
        identity();
        database();
        network();
        topics();
        logRetention();
        logSegments();
        logFlush();
        cleaner();
        messages();
        fetchAndProducers();
        offsets();
        transactions();
        classicGroups();
        consumerGroups();
    }

    private BrokerKeys() {
    }

    private static ConfigKeys.Definition text(String name, String defaultValue) {
        return KEYS.key(name, Type.STRING, defaultValue, Scope.BROKER);
    }

    private static ConfigKeys.Definition list(String name, String defaultValue) {
        return KEYS.key(name, Type.LIST, defaultValue, Scope.BROKER);
    }

    private static ConfigKeys.Definition flag(String name, boolean defaultValue) {
        return KEYS.key(name, Type.BOOLEAN, String.valueOf(defaultValue), Scope.BROKER);
    }

    private static ConfigKeys.Definition integer(String name, String defaultValue) {
        return KEYS.key(name, Type.INT, defaultValue, Scope.BROKER);
    }

    private static ConfigKeys.Definition number(String name, String defaultValue) {
        return KEYS.key(name, Type.LONG, defaultValue, Scope.BROKER);
    }

    private static ConfigKeys.Definition millis(String name, String defaultValue) {
        return number(name, defaultValue).in(MILLISECONDS);
    }

    private static ConfigKeys.Definition real(String name, String defaultValue) {
        return KEYS.key(name, Type.DOUBLE, defaultValue, Scope.BROKER);
    }

    private static void identity() {
        integer("node.id", "1").atLeast(0).high()
                .add("The number of this node in its cluster. Kafka has no default here; one node needs none.");
        integer("broker.id", null).atLeast(0).high()
                .add("The older name of node.id; used when node.id is not set. If both are set they must agree.");
        text("broker.rack", null).add("The rack of this broker, shown to clients in metadata.");
        text("milena.data.dir", null).high()
                .add("Where Milena keeps what is not a log: the metadata database and milena.properties. "
                        + "Default: the directory milena under the server's own data directory.");
        list("log.dirs", null).high()
                .add("The directories of the logs, separated by commas. Default: log.dir. Each may be a directory written by Apache Kafka.");
        list("log.dir", null).high()
                .add("The directory of the logs; used when log.dirs is not set. Default: the directory logs under milena.data.dir.");
        number("milena.log.dir.min.free", "1073741824").atLeast(0).in(BYTES).high()
                .add("Free space that must remain on the file system of a log directory. Below it, produce to that directory is refused "
                        + "and readiness says why; reads, deletes and retention go on. It recovers by itself.");
    }

    private static void database() {
        text("milena.datasource.url", null).high()
                .add("JDBC URL of the metadata database: jdbc:postgresql://host/database, or jdbc:h2:file:/path (not in memory). "
                        + "Default: an H2 file under milena.data.dir.");
        text("milena.datasource.user", null).high().add("The user for milena.datasource.url.");
        KEYS.key("milena.datasource.password", Type.PASSWORD, null, Scope.BROKER).high().add("The password for milena.datasource.url.");
        text("milena.datasource.jndi", null).high()
                .add("JNDI name of a data source of the server for the metadata, instead of milena.datasource.url: PostgreSQL, or H2 in a file.");
    }

    private static void network() {
        list("listeners", "PLAINTEXT://:9092").high()
                .add("The addresses to listen on, as name://host:port separated by commas. An empty host or 0.0.0.0 means every address; "
                        + "port 0 takes a free one. Only PLAINTEXT so far.");
        list("advertised.listeners", null).high()
                .add("The addresses that clients are told, as name://host:port, one for each listener. Default: listeners, with the "
                        + "canonical name of this host where a listener has no host.");
        integer("num.network.threads", "3").atLeast(1).high().in(COUNT).add("Event loops that serve connections which wait for no disk.");
        integer("num.io.threads", "8").atLeast(1).high().in(COUNT)
                .add("Threads that work on log directories, shared out evenly between them, at least one for each.");
        integer("socket.request.max.bytes", "104857600").atLeast(1).in(BYTES).high()
                .add("The largest request; a larger one closes the connection.");
        number("queued.max.request.bytes", "268435456").atLeast(1048576).in(BYTES).high()
                .add("The most memory that large requests take while they are received and worked on, all connections together; "
                        + "connections wait for it. Kafka has no bound by default.");
        integer("socket.send.buffer.bytes", "102400").atLeast(-1).in(BYTES).high()
                .add("SO_SNDBUF of client connections; -1 leaves the system's default.");
        integer("socket.receive.buffer.bytes", "102400").atLeast(-1).in(BYTES).high()
                .add("SO_RCVBUF of client connections; -1 leaves the system's default.");
        integer("socket.listen.backlog.size", "50").atLeast(1).in(COUNT).add("Connections that may wait to be accepted on a listener.");
        integer("max.connections", MAX_INT).atLeast(0).in(COUNT).add("The most connections at a time; more are closed at once.");
        integer("max.connections.per.ip", MAX_INT).atLeast(0).in(COUNT)
                .add("The most connections at a time from one address; more are closed at once.");
        millis("connections.max.idle.ms", "600000").atLeast(1).add("A connection idle for longer is closed.");
        integer("milena.metrics.partitions", "2000").atLeast(0).in(COUNT).low()
                .add("With more partitions than this the metrics leave out the series by partition.");
        integer("telemetry.max.bytes", "1048576").atLeast(1).in(BYTES).low()
                .add("The largest telemetry push, after compression, that a client is told it may send (KIP-714).");
        integer("max.request.partition.size.limit", "2000").atLeast(1).in(COUNT)
                .add("The most partitions in one DescribeTopicPartitions response; the client asks on with its cursor.");
    }

    private static void topics() {
        integer("num.partitions", "1").atLeast(1).in(COUNT).add("Partitions of a topic that is created without saying how many.");
        integer("default.replication.factor", "1").atLeast(1).in(COUNT)
                .add("Replication factor of a topic that is created without saying which. One node can only have 1.");
        flag("auto.create.topics.enable", true).high().add("Creates a topic when a client asks for the metadata of one that is not there.");
        flag("delete.topic.enable", true).high().add("Allows topics to be deleted.");
        integer("min.insync.replicas", "1").atLeast(1).in(COUNT).high().clusterWide()
                .add("In-sync replicas a write with acks=all needs. Default of the topic key min.insync.replicas.");
    }

    private static void logRetention() {
        millis("log.retention.ms", null).high().clusterWide().check(Validators.positiveOrMinusOne())
                .or("log.retention.ms", "log.retention.minutes", "log.retention.hours")
                .add("How long records are kept at least; -1 for ever. Default: log.retention.minutes. Default of retention.ms.");
        integer("log.retention.minutes", null).high().in(MINUTES).check(Validators.positiveOrMinusOne())
                .or("log.retention.ms", "log.retention.minutes", "log.retention.hours")
                .add("As log.retention.ms. Default: log.retention.hours.");
        integer("log.retention.hours", "168").high().in(HOURS).check(Validators.positiveOrMinusOne())
                .or("log.retention.ms", "log.retention.minutes", "log.retention.hours").add("As log.retention.ms.");
        number("log.retention.bytes", "-1").atLeast(-1).in(BYTES).high().clusterWide()
                .add("Size of a partition above which old segments are deleted; -1 for no limit. Default of retention.bytes.");
        millis("log.retention.check.interval.ms", "300000").atLeast(1)
                .add("How often retention looks for segments to delete, and time-based rolls are made.");
        list("log.cleanup.policy", "delete").clusterWide().check(Validators.listOf(true, "compact", "delete"))
                .add("What becomes of old segments: delete, compact, both, or (empty) nothing. Default of cleanup.policy.");
    }

    private static void logSegments() {
        integer("log.segment.bytes", "1073741824").atLeast(1024 * 1024).in(BYTES).high().clusterWide()
                .add("Size at which a segment is rolled. Default of segment.bytes.");
        millis("log.roll.ms", null).atLeast(1).high().clusterWide().or("log.roll.ms", "log.roll.hours")
                .add("Age at which a segment is rolled. Default: log.roll.hours. Default of segment.ms.");
        integer("log.roll.hours", "168").atLeast(1).in(HOURS).high().or("log.roll.ms", "log.roll.hours").add("As log.roll.ms.");
        millis("log.roll.jitter.ms", null).atLeast(0).high().clusterWide().or("log.roll.jitter.ms", "log.roll.jitter.hours")
                .add("The most that is taken at random from a segment's age limit. Default: log.roll.jitter.hours. Default of segment.jitter.ms.");
        integer("log.roll.jitter.hours", "0").atLeast(0).in(HOURS).high().or("log.roll.jitter.ms", "log.roll.jitter.hours")
                .add("As log.roll.jitter.ms.");
        integer("log.index.size.max.bytes", "10485760").atLeast(4).in(BYTES).clusterWide()
                .add("The largest index file; a full one rolls its segment. Default of segment.index.bytes.");
        integer("log.index.interval.bytes", "4096").atLeast(0).in(BYTES).clusterWide()
                .add("Bytes of records between two index entries. Default of index.interval.bytes.");
        millis("log.segment.delete.delay.ms", "60000").atLeast(0).high().clusterWide()
                .add("How long a deleted segment's or topic's files stay, renamed, before they go. Default of file.delete.delay.ms.");
        integer("num.recovery.threads.per.data.dir", "2").atLeast(1).in(COUNT).high()
                .add("Threads that open the logs of one directory at start, and recover them where it is needed.");
    }

    private static void logFlush() {
        number("log.flush.interval.messages", MAX_LONG).atLeast(1).in(COUNT).high().clusterWide()
                .add("Records after which a partition is flushed to disk before they are acknowledged. Default of flush.messages.");
        millis("log.flush.interval.ms", null).atLeast(0).high().clusterWide()
                .add("The longest a record stays unflushed. Default: no limit. Default of flush.ms.");
        integer("log.flush.offset.checkpoint.interval.ms", "60000").atLeast(1).in(MILLISECONDS).high()
                .add("How often recovery points, log start offsets and high watermarks are written to the checkpoint files; logs that grew much are flushed first.");
    }

    private static void cleaner() {
        integer("log.cleaner.threads", "1").atLeast(0).in(COUNT).add("Compactions that may run at a time, each in another log directory; 0 turns compaction off.");
        millis("log.cleaner.backoff.ms", "15000").atLeast(1).add("How long the cleaner sleeps when no log is due.");
        number("log.cleaner.dedupe.buffer.size", "134217728").atLeast(1048576).in(BYTES)
                .add("The most memory that the cleaner's offset maps take, those of all compactions that may run at a time together.");
        real("log.cleaner.io.max.bytes.per.second", String.valueOf(Double.MAX_VALUE)).in(BYTES_PER_SECOND)
                .check(org.apache.kafka.common.config.ConfigDef.Range.atLeast(1))
                .add("The cleaner's reads and writes together stay below this rate on average.");
        millis("log.cleaner.delete.retention.ms", "86400000").atLeast(0).clusterWide()
                .add("How long tombstones are kept. Default of delete.retention.ms.");
        millis("log.cleaner.min.compaction.lag.ms", "0").atLeast(0).clusterWide()
                .add("How long a record stays uncompacted at least. Default of min.compaction.lag.ms.");
        millis("log.cleaner.max.compaction.lag.ms", MAX_LONG).atLeast(1).clusterWide()
                .add("How long a record stays out of compaction at most. Default of max.compaction.lag.ms.");
        real("log.cleaner.min.cleanable.ratio", "0.5").between(0, 1).clusterWide()
                .add("Share of dirty bytes at which a log is compacted. Default of min.cleanable.dirty.ratio.");
    }

    private static void messages() {
        integer("message.max.bytes", "1048588").atLeast(0).in(BYTES).high().clusterWide()
                .add("The largest record batch, after compression. Default of max.message.bytes.");
        text("compression.type", "producer").oneOf("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer").high().clusterWide()
                .add("How batches are compressed in the log; producer keeps what the producer chose. Default of the topic key.");
        integer("compression.gzip.level", "-1").check(Validators.levelOrDefault(1, 9)).clusterWide()
                .add("Level when compression.type is gzip. Default of the topic key.");
        integer("compression.lz4.level", "9").between(1, 17).clusterWide()
                .add("Level when compression.type is lz4. Default of the topic key.");
        integer("compression.zstd.level", "3").between(-131072, 22).clusterWide()
                .add("Level when compression.type is zstd. Default of the topic key.");
        text("log.message.timestamp.type", "CreateTime").oneOf("CreateTime", "LogAppendTime").clusterWide()
                .add("Whose time a record carries. Default of message.timestamp.type.");
        millis("log.message.timestamp.before.max.ms", MAX_LONG).atLeast(0).clusterWide()
                .add("How far a record's time may lie before the broker's. Default of message.timestamp.before.max.ms.");
        millis("log.message.timestamp.after.max.ms", "3600000").atLeast(0).clusterWide()
                .add("How far a record's time may lie after the broker's. Default of message.timestamp.after.max.ms.");
    }

    private static void fetchAndProducers() {
        integer("fetch.max.bytes", "57671680").atLeast(1024).in(BYTES).add("The most bytes in one fetch response.");
        integer("max.incremental.fetch.session.cache.slots", "1000").atLeast(0).in(COUNT)
                .add("Incremental fetch sessions kept at a time (KIP-227).");
        integer("producer.id.expiration.ms", "86400000").atLeast(1).in(MILLISECONDS).low()
                .add("How long the state of an idempotent producer that writes no more is kept.");
    }

    private static void offsets() {
        integer("offsets.topic.num.partitions", "50").atLeast(1).in(COUNT).high()
                .add("Partitions of __consumer_offsets; must not change once it exists.");
        KEYS.key("offsets.topic.replication.factor", Type.SHORT, "1", Scope.BROKER).atLeast((short) 1).in(COUNT).high()
                .add("Replication factor of __consumer_offsets when it is created. Kafka's default is 3; one node can only have 1.");
        integer("offsets.topic.segment.bytes", "104857600").atLeast(1024 * 1024).in(BYTES).high()
                .add("segment.bytes of __consumer_offsets when it is created.");
        integer("offsets.topic.compression.codec", "0").between(0, 4).high()
                .add("How the coordinator compresses what it writes to __consumer_offsets: 0 not, 1 gzip, 2 snappy, 3 lz4, 4 zstd.");
        integer("offsets.retention.minutes", "10080").atLeast(1).in(MINUTES).high()
                .add("How long committed offsets are kept after their group is empty, or after the commit where no group subscribes.");
        millis("offsets.retention.check.interval.ms", "600000").atLeast(1).high().add("How often expired offsets are looked for.");
        integer("offsets.commit.timeout.ms", "5000").atLeast(1).in(MILLISECONDS).high()
                .add("How long a commit may wait to be stored before it is answered with an error.");
        integer("offset.metadata.max.bytes", "4096").atLeast(0).in(BYTES).high().add("The longest metadata text of a committed offset.");
    }

    private static void transactions() {
        integer("transaction.state.log.num.partitions", "50").atLeast(1).in(COUNT).high()
                .add("Partitions of __transaction_state; must not change once it exists.");
        KEYS.key("transaction.state.log.replication.factor", Type.SHORT, "1", Scope.BROKER).atLeast((short) 1).in(COUNT).high()
                .add("Replication factor of __transaction_state when it is created. Kafka's default is 3; one node can only have 1.");
        integer("transaction.state.log.min.isr", "1").atLeast(1).in(COUNT).high()
                .add("min.insync.replicas of __transaction_state when it is created. Kafka's default is 2; one node can only have 1.");
        integer("transaction.state.log.segment.bytes", "104857600").atLeast(1024 * 1024).in(BYTES).high()
                .add("segment.bytes of __transaction_state when it is created.");
        integer("transaction.max.timeout.ms", "900000").atLeast(1).in(MILLISECONDS).high()
                .add("The largest transaction.timeout.ms that a producer may ask for.");
        integer("transactional.id.expiration.ms", "604800000").atLeast(1).in(MILLISECONDS).high()
                .add("How long a transactional id is known after its last use. While a transaction is open it does not expire.");
        integer("transaction.abort.timed.out.transaction.cleanup.interval.ms", "10000").atLeast(1).in(MILLISECONDS).low()
                .add("How often transactions are looked for that took longer than their timeout; they are aborted.");
        integer("transaction.remove.expired.transaction.cleanup.interval.ms", "3600000").atLeast(1).in(MILLISECONDS).low()
                .add("How often expired transactional ids are looked for.");
        integer("add.partitions.to.txn.retry.backoff.max.ms", "100").atLeast(0).in(MILLISECONDS).high()
                .add("The longest that the first records of a transaction wait for the end of the producer's last one; "
                        + "after that the producer is told to try again.");
    }

    private static void classicGroups() {
        integer("group.min.session.timeout.ms", "6000").atLeast(0).in(MILLISECONDS)
                .add("The smallest session timeout that a member of a classic group may ask for.");
        integer("group.max.session.timeout.ms", "1800000").atLeast(0).in(MILLISECONDS)
                .add("The largest session timeout that a member of a classic group may ask for.");
        integer("group.initial.rebalance.delay.ms", "3000").atLeast(0).in(MILLISECONDS)
                .add("How long the first rebalance of an empty classic group waits for more members.");
        integer("group.max.size", MAX_INT).atLeast(1).in(COUNT).add("The most members of a classic group.");
        integer("group.coordinator.threads", "4").atLeast(1).in(COUNT).high().add("Threads that work on groups of both protocols.");
    }

    private static void consumerGroups() {
        integer("group.consumer.session.timeout.ms", "45000").atLeast(1).in(MILLISECONDS)
                .add("How long a member of a consumer-protocol group may be silent. Default of consumer.session.timeout.ms.");
        integer("group.consumer.min.session.timeout.ms", "45000").atLeast(1).in(MILLISECONDS)
                .add("The smallest consumer.session.timeout.ms that a group may set.");
        integer("group.consumer.max.session.timeout.ms", "60000").atLeast(1).in(MILLISECONDS)
                .add("The largest consumer.session.timeout.ms that a group may set.");
        integer("group.consumer.heartbeat.interval.ms", "5000").atLeast(1).in(MILLISECONDS)
                .add("How often members of a consumer-protocol group send heartbeats. Default of consumer.heartbeat.interval.ms.");
        integer("group.consumer.min.heartbeat.interval.ms", "5000").atLeast(1).in(MILLISECONDS)
                .add("The smallest consumer.heartbeat.interval.ms that a group may set.");
        integer("group.consumer.max.heartbeat.interval.ms", "15000").atLeast(1).in(MILLISECONDS)
                .add("The largest consumer.heartbeat.interval.ms that a group may set.");
        integer("group.consumer.max.size", MAX_INT).atLeast(1).in(COUNT).add("The most members of a consumer-protocol group.");
        integer("group.consumer.assignment.interval.ms", "1000").atLeast(0).in(MILLISECONDS)
                .add("The least time between two assignments of a consumer-protocol group. Default of consumer.assignment.interval.ms.");
        integer("group.consumer.min.assignment.interval.ms", "0").atLeast(0).in(MILLISECONDS)
                .add("The smallest consumer.assignment.interval.ms that a group may set.");
        integer("group.consumer.max.assignment.interval.ms", "15000").atLeast(0).in(MILLISECONDS)
                .add("The largest consumer.assignment.interval.ms that a group may set.");
        list("group.consumer.assignors", "uniform,range").check(Validators.listOf(false, "uniform", "range"))
                .add("The server-side assignors, the default one first.");
        text("group.consumer.migration.policy", "bidirectional")
                .check(org.apache.kafka.common.config.ConfigDef.CaseInsensitiveValidString.in("disabled", "upgrade", "downgrade", "bidirectional"))
                .add("Which conversions between the classic and the consumer protocol a live group may make.");
        integer("group.consumer.regex.refresh.interval.ms", "600000").atLeast(10_000).in(MILLISECONDS)
                .add("How often a regular-expression subscription is resolved again against the topics.");
    }
}
