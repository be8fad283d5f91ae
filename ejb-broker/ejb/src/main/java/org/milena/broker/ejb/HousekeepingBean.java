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
import org.milena.broker.api.Housekeeping;

/** Retention, compaction, flushes, checkpoints, and the watch over disks and file descriptors. */
@Startup
@Singleton(name = "Housekeeping")
@DependsOn({"TransactionCoordinator", "TopicAdministration"})
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class HousekeepingBean implements Housekeeping {

    @Inject
    Parts parts;

    private Broker broker;

    @PostConstruct
    void start() {
        broker = parts.get(Broker.class);
        StartPhase.run("housekeeping", broker::keepHouse, broker::close);
    }

    @Override
    public void enforceRetention() {
        broker.logs().enforceRetention();
    }
}
