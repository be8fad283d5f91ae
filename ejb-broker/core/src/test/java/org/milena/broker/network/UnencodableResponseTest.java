package org.milena.broker.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResourceCollection;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfigCollection;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** An error's text that repeats what was asked may be too long for a text. */
class UnencodableResponseTest {

    @TempDir
    Path dir;

    @Test
    void isAnsweredAsKafkaDoesAndTheConnectionGoesOn() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of()); WireClient client = new WireClient(broker.port())) {
            var answer = (IncrementalAlterConfigsResponseData) client.call(ApiKeys.INCREMENTAL_ALTER_CONFIGS, 1, alter("k".repeat(Short.MAX_VALUE)));
            assertThat(answer.responses()).hasSize(1);
            assertThat(Errors.forCode(answer.responses().get(0).errorCode())).isEqualTo(Errors.UNKNOWN_SERVER_ERROR);
            assertThat(((ApiVersionsResponseData) client.call(ApiKeys.API_VERSIONS, 0, new ApiVersionsRequestData())).errorCode()).isZero();
        }
    }

    private static IncrementalAlterConfigsRequestData alter(String key) {
        AlterableConfigCollection configs = new AlterableConfigCollection();
        configs.add(new AlterableConfig().setName(key).setValue("1").setConfigOperation((byte) 0));
        AlterConfigsResourceCollection resources = new AlterConfigsResourceCollection();
        resources.add(new AlterConfigsResource().setResourceType((byte) 4).setResourceName("1").setConfigs(configs));
        return new IncrementalAlterConfigsRequestData().setResources(resources).setValidateOnly(true);
    }
}
