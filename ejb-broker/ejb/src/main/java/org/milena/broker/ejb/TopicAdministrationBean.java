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
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.milena.broker.Broker;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Check;
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
        BrokerStatus.current().addReadiness("topics", this::check);
    }

    /** Topics that are held do not make the broker unready; an operator must see them all the same. */
    private Check check() {
        List<String> held = topics().stream().filter(Topic::configsHeld).map(Topic::name).toList();
        return Check.up(held.isEmpty() ? Map.of() : Map.of("settings unknown, so nothing is deleted from", String.join(", ", held)));
    }

    @Override
    public List<Topic> topics() {
        return broker.metadata().image().topicsByName().values().stream()
            .map(t -> new Topic(t.name(), t.partitions().size(), t.internal(), t.configsHeld()))
            .sorted(Comparator.comparing(Topic::name)).toList();
    }
}
