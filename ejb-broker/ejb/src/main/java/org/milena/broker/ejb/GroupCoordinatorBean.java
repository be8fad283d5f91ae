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
import org.milena.broker.api.GroupCoordination;

/** The group coordinator. */
@Startup
@Singleton(name = "GroupCoordinator")
@DependsOn("ReplicaManager")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class GroupCoordinatorBean implements GroupCoordination {

    @Inject
    Parts parts;

    private Broker broker;

    @PostConstruct
    void start() {
        broker = parts.get(Broker.class);
        StartPhase.run(parts, "groups", broker::coordinate, broker::close);
    }

    @Override
    public int partitionFor(String groupId) {
        return broker.groups().partitionFor(groupId);
    }
}
