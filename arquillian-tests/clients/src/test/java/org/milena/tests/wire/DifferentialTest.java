package org.milena.tests.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.Cluster;
import org.milena.tests.broker.Kafka;

/** Every request of {@link DifferentialCases}, in every version we advertise, answered as Apache Kafka answers it. */
@Tag("long")
@ExtendWith(BrokerUnderTest.class)
class DifferentialTest {
    private static Kafka kafka;

    @BeforeAll
    static void start() {
        kafka = new Kafka(Path.of(System.getProperty("milena.test.target", "target"), "kafka-peer-" + ProcessHandle.current().pid()));
        for (String bootstrap : List.of(kafka.bootstrap(), BrokerUnderTest.bootstrap())) DifferentialCases.prepare(bootstrap);
    }

    @AfterAll
    static void stop() {
        kafka.close();
    }

    private static Map<ApiKeys, ApiVersion> advertised(String bootstrap) {
        try (RawClient client = new RawClient(bootstrap)) {
            ApiVersionsResponseData answer = client.send(new ApiVersionsRequestData().setClientSoftwareName("test").setClientSoftwareVersion("1"), 3);
            Map<ApiKeys, ApiVersion> all = new java.util.EnumMap<>(ApiKeys.class);
            for (ApiVersion version : answer.apiKeys()) if (ApiKeys.hasId(version.apiKey())) all.put(ApiKeys.forId(version.apiKey()), version);
            return all;
        }
    }

    @TestFactory
    Stream<DynamicTest> answersAreKafkas() {
        Map<ApiKeys, ApiVersion> theirs = advertised(kafka.bootstrap());
        Map<ApiKeys, ApiVersion> ours = advertised(BrokerUnderTest.bootstrap());
        return DifferentialCases.all().stream().map(given -> {
            ApiKeys key = given.key();
            return DynamicTest.dynamicTest(key + ": " + given.what(), () -> {
                ApiVersion own = ours.get(key);
                assertThat(own).as(key + " is advertised").isNotNull();
                int low = Math.max(given.from(), Math.max(own.minVersion(), theirs.get(key).minVersion()));
                int high = Math.min(own.maxVersion(), theirs.get(key).maxVersion());
                List<String> differences = Differential.differences(kafka.bootstrap(), BrokerUnderTest.bootstrap(), given.request(), low, high);
                String reason = Differential.DELIBERATE.get(key + ": " + given.what());
                if (reason == null) assertThat(differences).isEmpty(); else assertThat(differences).as(reason).isNotEmpty();
            });
        });
    }

    /** Where Kafka closes the connection, and where it does not. */
    @Test
    void versionsOutsideTheRangeAreRefusedAsKafkaDoes() {
        List<String> differences = new ArrayList<>();
        Map<ApiKeys, ApiVersion> ours = advertised(BrokerUnderTest.bootstrap());
        for (ApiVersion version : ours.values()) {
            for (int outside : new int[] {version.minVersion() - 1, version.maxVersion() + 1}) {
                if (outside < 0 || version.apiKey() == ApiKeys.API_VERSIONS.id) continue;
                try (RawClient client = new RawClient(BrokerUnderTest.bootstrap())) {
                    client.write(java.nio.ByteBuffer.allocate(19).putInt(15).putShort(version.apiKey()).putShort((short) outside).putInt(7)
                        .putShort((short) 1).put((byte) 'c').putInt(0).array());
                    if (client.readFrame().isPresent()) differences.add(ApiKeys.forId(version.apiKey()) + " v" + outside + " is answered");
                }
            }
        }
        assertThat(differences).isEmpty();
    }

    /** Clients choose by these ranges: an old one must find what it still finds in Kafka. */
    @Test
    void whatWeAdvertiseReachesDownToWhatKafkaAdvertises() {
        Map<ApiKeys, ApiVersion> theirs = advertised(kafka.bootstrap());
        advertised(BrokerUnderTest.bootstrap()).forEach((key, own) -> {
            if (theirs.containsKey(key)) assertThat(own.minVersion()).as("lowest version of " + key).isEqualTo(theirs.get(key).minVersion());
        });
        assertThat(Cluster.get(Cluster.admin().describeCluster().nodes())).isNotEmpty();
    }
}
