package org.milena.broker.ejb;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.DependsOn;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.inject.Inject;
import java.lang.System.Logger.Level;
import java.util.Map;
import org.milena.broker.Broker;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Check;
import org.milena.broker.api.Metadata;
import org.milena.broker.cluster.MetadataStore;
import org.milena.persistence.Database;

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

    private Database database;

    @PostConstruct
    void start() {
        StartPhase.run(parts, "metadata", () -> {
            database = Database.open(parts.get(Settings.class).database());
            parts.put(MetadataStore.class, new DatabaseMetadataStore(database));
        }, this::stop);
        BrokerStatus.current().addReadiness("metadata", () -> {
            database.ping();
            return Check.up(Map.of("database", database.toString()));
        });
        LOG.log(Level.INFO, "Metadata in {0}", database);
    }

    @PreDestroy
    void stop() {
        BrokerStatus.current().removeChecks("metadata");
        Database open = database;
        database = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public String clusterId() {
        return parts.get(Broker.class).report().clusterId();
    }

    @Override
    public String database() {
        return database.toString();
    }
}
