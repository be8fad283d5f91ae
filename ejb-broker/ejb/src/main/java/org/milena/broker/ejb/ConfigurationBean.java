package org.milena.broker.ejb;

import jakarta.annotation.PostConstruct;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.inject.Inject;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.milena.broker.api.Configuration;

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
    private int nodeId;
    private List<Path> logDirectories;

    @PostConstruct
    void start() {
        StartPhase.run("configuration", () -> {
            settings = Settings.ofThisServer();
            nodeId = settings.integer("node.id", 1, 0, Integer.MAX_VALUE);
            logDirectories = settings.find("log.dirs").or(() -> settings.find("log.dir"))
                .map(s -> Arrays.stream(s.value().split(",")).map(String::trim).map(Path::of).toList())
                .orElseGet(() -> List.of(settings.dataDirectory().resolve("logs")));
            parts.settings(settings);
        }, () -> { });
        LOG.log(Level.INFO, "Data directory {0}", settings.dataDirectory());
    }

    @Override
    public Path dataDirectory() {
        return settings.dataDirectory();
    }

    @Override
    public int nodeId() {
        return nodeId;
    }

    @Override
    public List<Path> logDirectories() {
        return logDirectories;
    }

    @Override
    public Map<String, Setting> settings() {
        return Map.of();
    }
}
