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
import java.util.List;
import org.milena.broker.Broker;
import org.milena.broker.api.TopicAdministration;

/** Topics, for those inside the server: the same service that answers the Kafka protocol. */
@Startup
@Singleton(name = "TopicAdministration")
@DependsOn("ReplicaManager")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class TopicAdministrationBean implements TopicAdministration {

    @Inject
    Parts parts;

    private Broker broker;

    @PostConstruct
    void start() {
        broker = parts.get(Broker.class);
    }

    @Override
    public List<Topic> topics() {
        return broker.report().topics();
    }
}
