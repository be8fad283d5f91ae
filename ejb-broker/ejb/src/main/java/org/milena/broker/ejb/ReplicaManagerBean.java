package org.milena.broker.ejb;

import jakarta.annotation.PostConstruct;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.DependsOn;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.inject.Inject;
import org.milena.broker.Broker;
import org.milena.broker.api.ReplicaManagement;

/** The partitions: metadata and log directories are brought together, and every partition is led. */
@Startup
@Singleton(name = "ReplicaManager")
@DependsOn({"Metadata", "LogManager"})
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class ReplicaManagerBean implements ReplicaManagement {

    @Inject
    Parts parts;

    private Broker broker;

    @PostConstruct
    void start() {
        broker = parts.get(Broker.class);
        StartPhase.run(parts, "partitions", broker::lead, broker::close);
    }

    @Override
    public int partitions() {
        return broker.replicas().partitions().size();
    }

    @Override
    public int offlinePartitions() {
        return (int) broker.replicas().partitions().stream().filter(p -> !p.online()).count();
    }
}
