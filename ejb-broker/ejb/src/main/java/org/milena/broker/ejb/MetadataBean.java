package org.milena.broker.ejb;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.DependsOn;
import jakarta.ejb.EJB;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.inject.Inject;
import java.lang.System.Logger.Level;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Check;
import org.milena.broker.api.Configuration;
import org.milena.broker.api.Metadata;
import org.milena.persistence.Database;
import org.milena.persistence.DatabaseSettings;

/** Opens the metadata database, and closes it, with its file lock, last of all. */
@Startup
@Singleton(name = "Metadata")
@DependsOn("Configuration")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class MetadataBean implements Metadata {

    private static final System.Logger LOG = System.getLogger(MetadataBean.class.getName());

    @Inject
    Parts parts;

    @EJB
    Configuration configuration;

    private Database database;
    private String clusterId;
    private long incarnation;

    @PostConstruct
    void start() {
        StartPhase.run("metadata", () -> {
            database = Database.open(databaseSettings());
            DatabaseMetadataStore store = new DatabaseMetadataStore(database);
            clusterId = store.clusterId(null);
            incarnation = store.newIncarnation(configuration.nodeId());
            parts.metadataStore(store);
        }, this::stop);
        BrokerStatus.current().addReadiness("metadata", () -> {
            database.ping();
            return Check.up(java.util.Map.of("database", database.toString()));
        });
        LOG.log(Level.INFO, "Metadata in {0}; cluster {1}, node {2}, start number {3}", database, clusterId,
            String.valueOf(configuration.nodeId()), String.valueOf(incarnation));
    }

    @PreDestroy
    void stop() {
        BrokerStatus.current().removeChecks("metadata");
        if (database != null) {
            database.close();
        }
    }

    private DatabaseSettings databaseSettings() {
        return parts.settings().database();
    }

    @Override
    public String clusterId() {
        return clusterId;
    }

    @Override
    public long incarnation() {
        return incarnation;
    }

    @Override
    public String database() {
        return database.toString();
    }

    @Override
    public int topicCount() {
        return parts.metadataStore().load().topics().size();
    }
}
