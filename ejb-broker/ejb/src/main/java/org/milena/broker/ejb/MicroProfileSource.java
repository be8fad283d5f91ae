package org.milena.broker.ejb;

import java.util.Optional;
import java.util.function.Function;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;
import org.eclipse.microprofile.config.ConfigValue;
import org.milena.broker.api.Configuration.Setting;

/** What the server configures. The only class that knows MicroProfile Config; it can't be created where that is missing. */
final class MicroProfileSource implements Function<String, Optional<Setting>> {

    private final Config config = ConfigProvider.getConfig();

    @Override
    public Optional<Setting> apply(String key) {
        ConfigValue value = config.getConfigValue(key);
        return value == null || value.getValue() == null ? Optional.empty() : Optional.of(new Setting(value.getValue(), value.getSourceName()));
    }
}
