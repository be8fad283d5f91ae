package org.milena.broker.handler.admin;

import java.util.Map;
import org.apache.kafka.common.feature.Features;
import org.apache.kafka.common.feature.SupportedVersionRange;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersionCollection;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ApiVersionsRequest;
import org.apache.kafka.common.requests.ApiVersionsResponse;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.handler.ApiRegistry;
import org.milena.broker.handler.PrivateApi;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/**
 * ApiVersions (key 18): exactly what is registered (what is private: for its client software only), and the features that work. A version that is not known never comes here: the
 * network answers it in the form of version 0 (KIP-511).
 */
final class ApiVersionsHandler implements RequestHandler<ApiVersionsRequestData> {

    /** Levels of Kafka 4.3: the metadata version that its clients and tools expect of a broker with these APIs, and KIP-848's groups. */
    private static final short METADATA_VERSION = 30;
    private static final short METADATA_VERSION_MIN = 7;
    private static final short GROUP_VERSION = 1;
    /** Every transaction has a producer epoch of its own, and begins with its first records (KIP-890). */
    private static final short TRANSACTION_VERSION = 2;

    private final ApiRegistry registry;
    private final MetadataCache cache;

    ApiVersionsHandler(ApiRegistry registry, MetadataCache cache) {
        this.registry = registry;
        this.cache = cache;
    }

    @Override
    public void handle(RequestContext context, ApiVersionsRequestData request) {
        short version = context.apiVersion();
        MetadataImage image = cache.image();
        if (!new ApiVersionsRequest(request, version).isValid()) {
            context.reply(new ApiVersionsResponseData().setErrorCode(Errors.INVALID_REQUEST.code()));
        } else if (strayed(request, image)) {
            context.reply(new ApiVersionsResponseData().setErrorCode(Errors.REBOOTSTRAP_REQUIRED.code()));
        } else {
            context.reply(answer(image, request.clientSoftwareName(), version));
        }
    }

    /** KIP-1242: the client thinks it talks to another cluster or node. */
    private static boolean strayed(ApiVersionsRequestData request, MetadataImage image) {
        return request.clusterId() != null && !request.clusterId().equals(image.clusterId())
                || request.nodeId() >= 0 && image.brokers().stream().noneMatch(broker -> broker.id() == request.nodeId());
    }

    private ApiVersionsResponseData answer(MetadataImage image, String clientSoftware, short version) {
        ApiVersionCollection apis = new ApiVersionCollection();
        for (ApiRegistry.Api api : registry.all()) {
            // librdkafka needs to see produce from version 0 on to use some codecs, though 4.x speaks none below 3 (KAFKA-18659)
            short min = api.key() == ApiKeys.PRODUCE ? ApiKeys.PRODUCE_API_VERSIONS_RESPONSE_MIN_VERSION : api.minVersion();
            apis.add(new ApiVersion().setApiKey(api.key().id).setMinVersion(min).setMaxVersion(api.maxVersion()));
        }
        registry.privateApis().stream().filter(api -> api.clientSoftware().equals(clientSoftware)).forEach(api ->
                apis.add(new ApiVersion().setApiKey(api.key()).setMinVersion(PrivateApi.VERSION).setMaxVersion(PrivateApi.VERSION)));
        return new ApiVersionsResponse.Builder()
                .setError(Errors.NONE)
                .setThrottleTimeMs(0)
                .setApiVersions(apis)
                .setSupportedFeatures(Features.supportedFeatures(Map.of(
                        "metadata.version", new SupportedVersionRange(METADATA_VERSION_MIN, METADATA_VERSION),
                        "group.version", new SupportedVersionRange((short) 0, GROUP_VERSION),
                        "transaction.version", new SupportedVersionRange((short) 0, TRANSACTION_VERSION))))
                .setFinalizedFeatures(Map.of("metadata.version", METADATA_VERSION, "group.version", GROUP_VERSION,
                        "transaction.version", TRANSACTION_VERSION))
                .setFinalizedFeaturesEpoch(image.version())
                .setZkMigrationEnabled(false)
                .setAlterFeatureLevel0(version < 4)
                .build().data();
    }
}
