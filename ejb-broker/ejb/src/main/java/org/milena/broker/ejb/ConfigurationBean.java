package org.milena.broker.ejb;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.inject.Inject;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.Configuration;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.BrokerKeys;

/** Reads the settings; a wrong one stops the deployment here, before anything was opened. */
@Startup
@Singleton(name = "Configuration")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class ConfigurationBean implements Configuration {

    private static final System.Logger LOG = System.getLogger(ConfigurationBean.class.getName());

    @Inject
    Parts parts;

    private Settings settings;
    private BrokerConfig config;

    @PostConstruct
    void start() {
        ServerPhase.until(System.currentTimeMillis()).ifPresent(BrokerStatus.current()::phaseDone);
        StartPhase.run(parts, "configuration", () -> {
            settings = Settings.ofThisServer();
            config = settings.brokerConfig();
            parts.put(Settings.class, settings);
            parts.put(BrokerConfig.class, config);
        }, () -> { });
        LOG.log(Level.INFO, "Node {0}, data in {1}, logs in {2}, listening on {3}{4}", String.valueOf(config.nodeId()), settings.dataDirectory(),
            config.logDirs(), config.listeners(), settings().isEmpty() ? "; all settings at their defaults" : "");
    }

    /** The bean that was first is the last to go. */
    @PreDestroy
    void stop() {
        RecordMethods.forget();
    }

    @Override
    public Path dataDirectory() {
        return settings.dataDirectory();
    }

    @Override
    public int nodeId() {
        return config.nodeId();
    }

    @Override
    public List<Path> logDirectories() {
        return config.logDirs();
    }

    @Override
    public Map<String, Setting> settings() {
        Map<String, Setting> found = new TreeMap<>();
        BrokerKeys.KEYS.all().values().forEach(key -> settings.find(key.name()).ifPresent(setting ->
            found.put(key.name(), key.sensitive() ? new Setting("********", setting.source()) : setting)));
        return found;
    }
}
