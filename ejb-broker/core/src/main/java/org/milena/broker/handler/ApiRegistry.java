package org.milena.broker.handler;

import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

/** What this broker serves: the single source for dispatch and for what ApiVersions advertises. */
public final class ApiRegistry {

    /** One API with the versions that really work. */
    public record Api(ApiKeys key, short minVersion, short maxVersion, RequestHandler<ApiMessage> handler) {
        public boolean supports(short version) {
            return version >= minVersion && version <= maxVersion;
        }
    }

    private final Map<ApiKeys, Api> apis = new EnumMap<>(ApiKeys.class);
    private final Map<Short, PrivateApi> privateApis = new HashMap<>();

    /** Registers an API in all stable versions that kafka-clients knows. */
    public <T extends ApiMessage> ApiRegistry register(ApiKeys key, RequestHandler<T> handler) {
        return register(key, key.oldestVersion(), key.latestVersion(false), handler);
    }

    @SuppressWarnings("unchecked")
    public <T extends ApiMessage> ApiRegistry register(ApiKeys key, int min, int max, RequestHandler<T> handler) {
        apis.put(key, new Api(key, (short) min, (short) max, (RequestHandler<ApiMessage>) handler));
        return this;
    }

    public ApiRegistry register(PrivateApi api) {
        privateApis.put(api.key(), api);
        return this;
    }

    /** Null when the key is none of ours. */
    public PrivateApi privateApi(short key) {
        return privateApis.get(key);
    }

    public Collection<PrivateApi> privateApis() {
        return privateApis.values();
    }

    /** Null when the API is not served. */
    public Api get(ApiKeys key) {
        return apis.get(key);
    }

    public Collection<Api> all() {
        return apis.values();
    }
}
