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
import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import java.util.List;
import org.milena.broker.Broker;
import org.milena.broker.BrokerEnvironment;
import org.milena.broker.api.LogManagement;
import org.milena.broker.cluster.MetadataStore;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.time.BrokerClock;

/** The logs: opens them, with recovery after an unclean stop; beside the metadata database, where the server starts beans in parallel. */
@Startup
@Singleton(name = "LogManager")
@DependsOn("Configuration")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class LogManagerBean implements LogManagement {

    @Inject
    Parts parts;

    @Resource
    ManagedThreadFactory threads;

    private Broker broker;

    @PostConstruct
    void start() {
        broker = parts.put(Broker.class, new Broker(new BrokerEnvironment(parts.get(BrokerConfig.class), threads, BrokerClock.SYSTEM,
            () -> parts.get(MetadataStore.class))));
        StartPhase.run(parts, "logs", broker::openLogs, broker::close);
    }

    /** The listener has done it already, unless the start failed half-way. */
    @PreDestroy
    void stop() {
        broker.close();
    }

    @Override
    public List<Directory> directories() {
        return broker.report().directories();
    }
}
