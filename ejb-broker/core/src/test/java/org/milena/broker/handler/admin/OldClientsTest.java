package org.milena.broker.handler.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** The versions that clients of 2017 still send (kafka-python, sarama, librdkafka), over a socket. */
class OldClientsTest {

    @TempDir
    Path directory;

    private static ApiMessage call(EmbeddedBroker broker, ApiKeys key, int requestVersion, int responseVersion, ApiMessage request)
            throws IOException {
        try (Socket socket = new Socket("127.0.0.1", broker.port())) {
            socket.setSoTimeout(30_000);
            short headerVersion = key.requestHeaderVersion((short) Math.min(requestVersion, key.latestVersion()));
            RequestHeaderData header = new RequestHeaderData().setRequestApiKey(key.id).setRequestApiVersion((short) requestVersion)
                    .setCorrelationId(7).setClientId("old");
            ByteBuffer head = MessageUtil.toByteBufferAccessor(header, headerVersion).buffer();
            ByteBuffer body = MessageUtil.toByteBufferAccessor(request, (short) Math.min(requestVersion, key.latestVersion())).buffer();
            ByteBuffer frame = ByteBuffer.allocate(4 + head.remaining() + body.remaining());
            frame.putInt(head.remaining() + body.remaining()).put(head).put(body);
            socket.getOutputStream().write(frame.array());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] bytes = new byte[in.readInt()];
            in.readFully(bytes);
            ByteBufferAccessor answer = new ByteBufferAccessor(ByteBuffer.wrap(bytes));
            assertThat(new ResponseHeaderData(answer, key.responseHeaderVersion((short) responseVersion)).correlationId()).isEqualTo(7);
            ApiMessage response = ApiMessageType.fromApiKey(key.id).newResponse();
            response.read(answer, (short) responseVersion);
            return response;
        }
    }

    @Test
    void metadataOfVersions0And1And5CreatesAndShows() throws IOException {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, new InMemoryMetadataStore(), java.util.Map.of())) {
            for (int version : new int[] {0, 1, 5}) {
                MetadataRequestData request = new MetadataRequestData();
                request.topics().add(new MetadataRequestTopic().setName("t" + version));
                long deadline = System.nanoTime() + 30_000_000_000L;
                MetadataResponseData response;
                do {
                    response = (MetadataResponseData) call(broker, ApiKeys.METADATA, version, version, request);
                } while (response.topics().find("t" + version).errorCode() == Errors.UNKNOWN_TOPIC_OR_PARTITION.code()
                        && System.nanoTime() < deadline);
                assertThat(response.topics().find("t" + version).errorCode()).isZero();
                assertThat(response.topics().find("t" + version).partitions()).hasSize(1);
                assertThat(response.brokers()).singleElement().satisfies(b -> assertThat(b.port()).isEqualTo(broker.port()));
            }
        }
    }

    @Test
    void apiVersionsOfVersion0AndOfOneFromTheFuture() throws IOException {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, new InMemoryMetadataStore(), java.util.Map.of())) {
            ApiVersionsResponseData old = (ApiVersionsResponseData) call(broker, ApiKeys.API_VERSIONS, 0, 0, new ApiVersionsRequestData());
            assertThat(old.errorCode()).isZero();
            assertThat(old.apiKeys().find(ApiKeys.METADATA.id).maxVersion()).isEqualTo((short) 13);
            assertThat(old.apiKeys().find(ApiKeys.PRODUCE.id).minVersion()).as("librdkafka needs to see 0").isZero();
            ApiVersionsResponseData future = (ApiVersionsResponseData) call(broker, ApiKeys.API_VERSIONS, 99, 0,
                    new ApiVersionsRequestData().setClientSoftwareName("t").setClientSoftwareVersion("1"));
            assertThat(future.errorCode()).isEqualTo(Errors.UNSUPPORTED_VERSION.code());
            assertThat(future.apiKeys().find(ApiKeys.API_VERSIONS.id).maxVersion()).isEqualTo((short) 5);
        }
    }
}
