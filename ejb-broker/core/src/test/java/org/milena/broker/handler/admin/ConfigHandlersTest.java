package org.milena.broker.handler.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.AlterConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResourceResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResult;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.message.ListConfigResourcesRequestData;
import org.apache.kafka.common.message.ListConfigResourcesResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.config.TopicKeys;
import org.milena.broker.topic.AdminFixture;

class ConfigHandlersTest {

    @TempDir
    Path directory;
    private HandlerFixture api;

    @BeforeEach
    void start() {
        api = new HandlerFixture(directory, "log.retention.hours", "100", "message.max.bytes", "5000");
        api.broker.create("t", 1);
    }

    private String alter(Type type, String name, OpType op, String key, String value) {
        return alter(type, name, false, new AlterableConfig().setName(key).setValue(value).setConfigOperation(op.id()));
    }

    /** "ERROR: message" or "NONE". */
    private String alter(Type type, String name, boolean validateOnly, AlterableConfig... configs) {
        AlterConfigsResource resource = new AlterConfigsResource().setResourceType(type.id()).setResourceName(name);
        List.of(configs).forEach(resource.configs()::add);
        IncrementalAlterConfigsRequestData request = new IncrementalAlterConfigsRequestData().setValidateOnly(validateOnly);
        request.resources().add(resource);
        var result = api.call(ApiKeys.INCREMENTAL_ALTER_CONFIGS, 1, request, IncrementalAlterConfigsResponseData.class).responses().get(0);
        Errors error = Errors.forCode(result.errorCode());
        return error == Errors.NONE ? "NONE" : error + ": " + result.errorMessage();
    }

    private DescribeConfigsResult describe(int version, Type type, String name) {
        return api.call(ApiKeys.DESCRIBE_CONFIGS, version, new DescribeConfigsRequestData().setIncludeSynonyms(true)
                .setIncludeDocumentation(version >= 3).setResources(List.of(new DescribeConfigsResource().setResourceType(type.id())
                        .setResourceName(name).setConfigurationKeys(null))), DescribeConfigsResponseData.class).results().get(0);
    }

    private DescribeConfigsResourceResult describe(Type type, String name, String key) {
        return describe(4, type, name).configs().stream().filter(c -> c.name().equals(key)).findFirst().orElseThrow();
    }

    private static List<String> synonyms(DescribeConfigsResourceResult config) {
        return config.synonyms().stream().map(s -> ConfigSource.forId(s.source()) + ":" + s.name() + "=" + s.value()).toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "TOPIC | t | SET | foo | 1 | INVALID_CONFIG: Unknown topic config name: foo",
        "TOPIC | t | DELETE | foo | | NONE",
        "TOPIC | t | SET | retention.ms | x | INVALID_CONFIG: Invalid value x for configuration retention.ms: Not a number of type LONG",
        "TOPIC | t | APPEND | retention.ms | 5 | INVALID_CONFIG: Can't APPEND to key retention.ms because its type is not LIST.",
        "TOPIC | t | APPEND | foo | 5 | INVALID_CONFIG: Can't APPEND to key foo because its type is not LIST.",
        "TOPIC | t | APPEND | cleanup.policy | shred | INVALID_CONFIG: Invalid value shred for configuration cleanup.policy: String must be one of: compact, delete",
        "TOPIC | t | SET | message.timestamp.type | Foo | INVALID_CONFIG: Invalid value Foo for configuration message.timestamp.type: String must be one of: CreateTime, LogAppendTime",
        "TOPIC | no | SET | retention.ms | 5 | UNKNOWN_TOPIC_OR_PARTITION: The topic 'no' does not exist.",
        "TOPIC | ~~ | SET | retention.ms | 5 | INVALID_REQUEST: Default topic resources are not allowed.",
        "TOPIC | t | SET | retention.ms | | INVALID_REQUEST: Null value not supported for : retention.ms",
        "BROKER | 1 | SET | foo | 1 | INVALID_CONFIG: Unknown broker config name: foo",
        "BROKER | 1 | SET | num.partitions | 1 | INVALID_REQUEST: Cannot update these configs dynamically: [num.partitions]",
        "BROKER | ~~ | SET | num.partitions | 1 | INVALID_REQUEST: Cannot update these configs dynamically: [num.partitions]",
        "BROKER | 1 | SET | log.segment.bytes | 1 | INVALID_REQUEST: Invalid value 1 for configuration log.segment.bytes: Value must be at least 1048576",
        "BROKER | 7 | SET | log.retention.ms | 1 | INVALID_REQUEST: Unexpected broker id, expected 1, but received 7",
        "BROKER | x | SET | log.retention.ms | 1 | INVALID_REQUEST: Node id must be an integer, but it is: x",
        "BROKER | 1 | APPEND | log.retention.ms | 1 | INVALID_CONFIG: Config value append is not allowed for config key: log.retention.ms",
        "GROUP | g | SET | foo | 1 | INVALID_CONFIG: Unknown group config name: foo",
        "GROUP | g | SET | consumer.session.timeout.ms | 1 | INVALID_CONFIG: consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms",
        "GROUP | g | SET | consumer.heartbeat.interval.ms | 16000 | INVALID_CONFIG: consumer.heartbeat.interval.ms must be less than or equal to group.consumer.max.heartbeat.interval.ms",
        "GROUP | ~~ | SET | consumer.heartbeat.interval.ms | 6000 | INVALID_REQUEST: Default group resources are not allowed.",
        "BROKER_LOGGER | 1 | SET | root | INFO | INVALID_REQUEST: Unknown resource type 8",
        "CLIENT_METRICS | m | SET | metrics | x | INVALID_REQUEST: Unknown resource type 16",
    })
    void wrongAlterationsAreRefusedInKafkasWords(Type type, String name, OpType op, String key, String value, String answer) {
        assertThat(alter(type, name == null ? "" : name, op, key, value)).isEqualTo(answer);
        assertThat(api.broker.image().topic("t").configs()).isEmpty();
        assertThat(api.broker.image().brokerConfigs()).isEmpty();
        assertThat(api.broker.image().groupConfigs()).isEmpty();
    }

    @Test
    void listsGrowAndShrink() {
        assertThat(alter(Type.TOPIC, "t", OpType.APPEND, "cleanup.policy", "compact")).isEqualTo("NONE");
        assertThat(api.broker.image().topic("t").configs()).containsEntry("cleanup.policy", "delete,compact");
        assertThat(alter(Type.TOPIC, "t", OpType.SUBTRACT, "cleanup.policy", "delete")).isEqualTo("NONE");
        assertThat(api.broker.logs.logs.get(new TopicPartition("t", 0)).config().cleanupDelete()).isFalse();
        assertThat(api.broker.logs.logs.get(new TopicPartition("t", 0)).config().cleanupCompact()).isTrue();
    }

    @Test
    void aTopicsSettingActsIsStoredAndLiesBesideTheLogs() {
        assertThat(alter(Type.TOPIC, "t", OpType.SET, "retention.ms", "7000")).isEqualTo("NONE");
        assertThat(api.broker.logs.logs.get(new TopicPartition("t", 0)).config().retentionMs()).isEqualTo(7000);
        assertThat(api.broker.logs.savedConfigs.get(api.broker.image().topic("t").id())).isEqualTo(Map.of("retention.ms", "7000"));
        api.broker.start();
        assertThat(api.broker.image().topic("t").configs()).isEqualTo(Map.of("retention.ms", "7000"));
        assertThat(api.broker.logs.logs.get(new TopicPartition("t", 0)).config().retentionMs()).isEqualTo(7000);
    }

    @Test
    void validateOnlyAndAFailingDatabaseChangeNothing() {
        var set = new AlterableConfig().setName("retention.ms").setValue("7000").setConfigOperation(OpType.SET.id());
        assertThat(alter(Type.TOPIC, "t", true, set.duplicate())).isEqualTo("NONE");
        api.broker.store.failWith(new IllegalStateException("database gone"));
        assertThat(alter(Type.TOPIC, "t", false, set.duplicate())).startsWith("UNKNOWN_SERVER_ERROR");
        assertThat(api.broker.image().topic("t").configs()).isEmpty();
        assertThat(api.broker.logs.logs.get(new TopicPartition("t", 0)).config().retentionMs()).isEqualTo(360_000_000);
    }

    @Test
    void brokerDefaultsReachEveryTopicAndOutliveAStart() {
        assertThat(alter(Type.BROKER, "", OpType.SET, "log.retention.ms", "9000")).isEqualTo("NONE");
        assertThat(alter(Type.BROKER, "1", OpType.SET, "message.max.bytes", "6000")).isEqualTo("NONE");
        for (int round = 0; round < 2; round++) {
            assertThat(api.broker.logs.logs.get(new TopicPartition("t", 0)).config().retentionMs()).isEqualTo(9000);
            assertThat(api.broker.logs.logs.get(new TopicPartition("t", 0)).config().maxMessageBytes()).isEqualTo(6000);
            api.broker.start();
        }
    }

    /** As a directory that comes without its metadata. */
    private void adoptWithoutSettings() {
        api.broker.logs.savedConfigs.clear();
        Uuid id = api.broker.image().topic("t").id();
        api.broker.store.deleteTopic(id);
        api.broker.store.forgetDeleted(List.of(id));
        restart();
    }

    private void restart() {
        api.broker.start();
        api = new HandlerFixture(api.broker);
    }

    private String set(boolean validateOnly, Map<String, String> settings) {
        return alter(Type.TOPIC, "t", validateOnly, settings.entrySet().stream().map(e -> new AlterableConfig().setName(e.getKey())
                .setValue(e.getValue()).setConfigOperation(OpType.SET.id())).toArray(AlterableConfig[]::new));
    }

    private void assertHeld(boolean held) {
        assertThat(api.broker.image().topic("t").configsHeld()).isEqualTo(held);
        assertThat(api.broker.logs.logs.get(new TopicPartition("t", 0)).config().held()).isEqualTo(held);
    }

    private static Map<String, String> settings(String text) {
        return AdminFixture.map(text.isEmpty() ? new String[0] : text.split("[ =]"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "max.message.bytes=6000", "retention.ms=-1", "retention.ms=1 retention.bytes=1", "cleanup.policy=delete",
        "cleanup.policy=delete retention.ms=-1", "cleanup.policy=delete retention.bytes=5000", "cleanup.policy=compact,delete retention.ms=-1"})
    void unknownSettingsStayHeldWhileADefaultCouldDeleteRecords(String some) {
        adoptWithoutSettings();
        assertHeld(true);
        assertThat(set(false, settings(some))).isEqualTo("NONE");
        assertHeld(true);
        restart();
        assertHeld(true);
        assertThat(api.broker.image().topic("t").configs()).as("what was set meanwhile").isEqualTo(settings(some));
        api = new HandlerFixture(new AdminFixture(new InMemoryMetadataStore(), api.broker.logs, Map.of()));
        assertHeld(true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cleanup.policy=compact", "cleanup.policy=delete retention.ms=604800000 retention.bytes=-1",
        "retention.bytes=-1 retention.ms=-1 cleanup.policy=compact,delete"})
    void theyAreReleasedOnceEveryKeyThatDeletesIsSetEvenToItsDefault(String all) {
        adoptWithoutSettings();
        assertThat(set(true, settings(all))).isEqualTo("NONE");
        assertHeld(true);
        settings(all).forEach((key, value) -> {
            assertHeld(true);
            assertThat(set(false, Map.of(key, value))).isEqualTo("NONE");
        });
        assertHeld(false);
        restart();
        assertHeld(false);
        api = new HandlerFixture(new AdminFixture(new InMemoryMetadataStore(), api.broker.logs, Map.of()));
        assertHeld(false);
        assertThat(api.broker.image().topic("t").configs()).as("from beside the logs").isEqualTo(settings(all));
    }

    @Test
    void theOlderAlterConfigsPutsBackWhatItDoesNotName() {
        alter(Type.TOPIC, "t", OpType.SET, "retention.ms", "7000");
        AlterConfigsRequestData request = new AlterConfigsRequestData();
        var resource = new AlterConfigsRequestData.AlterConfigsResource().setResourceType(Type.TOPIC.id()).setResourceName("t");
        resource.configs().add(new AlterConfigsRequestData.AlterableConfig().setName("segment.ms").setValue("8000"));
        request.resources().add(resource);
        for (int version = 0; version <= 2; version++) {
            assertThat(api.call(ApiKeys.ALTER_CONFIGS, version, request, AlterConfigsResponseData.class).responses().get(0).errorCode()).isZero();
        }
        assertThat(api.broker.image().topic("t").configs()).isEqualTo(Map.of("segment.ms", "8000"));
    }

    @Test
    void resourcesAndKeysNamedTwice() {
        var set = new AlterableConfig().setName("cleanup.policy").setValue("compact").setConfigOperation(OpType.APPEND.id());
        var unset = new AlterableConfig().setName("cleanup.policy").setValue("delete").setConfigOperation(OpType.SUBTRACT.id());
        assertThat(alter(Type.TOPIC, "t", false, set, unset)).isEqualTo("INVALID_REQUEST: Error due to duplicate config keys");
        assertThat(alter(Type.TOPIC, "t", false, new AlterableConfig().setName("retention.ms").setValue("1").setConfigOperation((byte) 9)))
                .isEqualTo("INVALID_REQUEST: Unknown operations type for config key retention.ms");
    }

    @Test
    void aTopicIsDescribedWithDefaultsSynonymsAndDocumentation() {
        assertThat(synonyms(describe(Type.TOPIC, "t", "max.message.bytes"))).containsExactly(
                "STATIC_BROKER_CONFIG:message.max.bytes=5000", "DEFAULT_CONFIG:message.max.bytes=1048588");
        alter(Type.BROKER, "", OpType.SET, "message.max.bytes", "5500");
        alter(Type.BROKER, "1", OpType.SET, "message.max.bytes", "6000");
        alter(Type.TOPIC, "t", OpType.SET, "max.message.bytes", "7000");
        DescribeConfigsResourceResult described = describe(Type.TOPIC, "t", "max.message.bytes");
        assertThat(described.value()).isEqualTo("7000");
        assertThat(ConfigSource.forId(described.configSource())).isEqualTo(ConfigSource.TOPIC_CONFIG);
        assertThat(described.readOnly()).isFalse();
        assertThat(described.documentation()).startsWith("The largest record batch size allowed by Kafka");
        assertThat(synonyms(described)).containsExactly("TOPIC_CONFIG:max.message.bytes=7000",
                "DYNAMIC_BROKER_CONFIG:message.max.bytes=6000", "DYNAMIC_DEFAULT_BROKER_CONFIG:message.max.bytes=5500",
                "STATIC_BROKER_CONFIG:message.max.bytes=5000", "DEFAULT_CONFIG:message.max.bytes=1048588");
        assertThat(describe(Type.TOPIC, "t", "retention.ms").value()).as("hours become milliseconds").isEqualTo("360000000");
        assertThat(synonyms(describe(Type.TOPIC, "t", "retention.ms"))).as("as Kafka, which hides the other units").isEmpty();
    }

    @Test
    void brokersAndGroupsAreDescribed() {
        assertThat(describe(Type.BROKER, "1", "num.partitions").readOnly()).isTrue();
        assertThat(describe(Type.BROKER, "1", "message.max.bytes").readOnly()).isFalse();
        assertThat(ConfigSource.forId(describe(Type.BROKER, "1", "log.retention.hours").configSource()))
                .isEqualTo(ConfigSource.STATIC_BROKER_CONFIG);
        assertThat(describe(4, Type.BROKER, "").configs()).isEmpty();
        alter(Type.BROKER, "", OpType.SET, "log.retention.ms", "9000");
        assertThat(describe(4, Type.BROKER, "").configs()).singleElement().satisfies(c -> {
            assertThat(c.value()).isEqualTo("9000");
            assertThat(synonyms(c)).containsExactly("DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=9000");
        });
        alter(Type.GROUP, "g", OpType.SET, "consumer.heartbeat.interval.ms", "6000");
        assertThat(synonyms(describe(Type.GROUP, "g", "consumer.heartbeat.interval.ms"))).containsExactly(
                "GROUP_CONFIG:consumer.heartbeat.interval.ms=6000", "DEFAULT_CONFIG:group.consumer.heartbeat.interval.ms=5000");
        assertThat(describe(Type.GROUP, "any", "consumer.session.timeout.ms").value()).isEqualTo("45000");
    }

    @Test
    void whatCanNotBeDescribed() {
        assertThat(describe(4, Type.TOPIC, "no").errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        assertThat(describe(4, Type.TOPIC, "a b").errorCode()).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION.code());
        assertThat(describe(4, Type.BROKER, "7").errorMessage())
                .isEqualTo("Unexpected broker id, expected 1 or empty string, but received 7");
        assertThat(describe(4, Type.GROUP, "").errorMessage()).isEqualTo("Group name must not be empty");
        assertThat(describe(4, Type.BROKER_LOGGER, "1").errorMessage()).isEqualTo("Unsupported resource type: BROKER_LOGGER");
    }

    @Test
    void everyVersionCarriesADescription() {
        for (int version = 1; version <= 4; version++) {
            assertThat(describe(version, Type.TOPIC, "t").configs()).hasSameSizeAs(TopicKeys.KEYS.all().keySet());
            assertThat(describe(version, Type.BROKER, "1").errorCode()).isZero();
        }
    }

    @Test
    void resourcesAreListed() {
        alter(Type.GROUP, "g", OpType.SET, "consumer.heartbeat.interval.ms", "6000");
        assertThat(list(0)).as("only client metrics: none").isEmpty();
        assertThat(list(1)).containsExactlyInAnyOrder("TOPIC t", "BROKER 1", "GROUP g");
        assertThat(list(1, Type.GROUP)).containsExactly("GROUP g");
        CapturingContext unknown = api.send(ApiKeys.LIST_CONFIG_RESOURCES, 1,
                new ListConfigResourcesRequestData().setResourceTypes(List.of((byte) 99)));
        assertThat(((ListConfigResourcesResponseData) unknown.reply()).errorCode()).isEqualTo(Errors.UNSUPPORTED_VERSION.code());
    }

    private List<String> list(int version, Type... types) {
        return api.call(ApiKeys.LIST_CONFIG_RESOURCES, version, new ListConfigResourcesRequestData().setResourceTypes(
                List.of(types).stream().map(Type::id).toList()), ListConfigResourcesResponseData.class).configResources().stream()
                .map(r -> Type.forId(r.resourceType()) + " " + r.resourceName()).toList();
    }
}
