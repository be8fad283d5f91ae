package org.milena.tests.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.ejb.EJB;
import jakarta.enterprise.concurrent.ManageableThread;
import java.nio.file.Files;
import java.util.List;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.jboss.shrinkwrap.api.spec.EnterpriseArchive;
import org.junit.jupiter.api.Test;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.Configuration;
import org.milena.broker.api.Metadata;

/** Inside the server: the beans as another application part sees them. */
@ArquillianTest
class InsideIT {

    @EJB
    Configuration configuration;

    @EJB
    Metadata metadata;

    @Deployment
    static EnterpriseArchive ear() {
        return Ear.with(InsideIT.class);
    }

    @Test
    void theBeansAreInjectableByTheirBusinessInterface() {
        assertEquals(1, configuration.nodeId());
        assertTrue(Files.isDirectory(configuration.dataDirectory()), configuration.dataDirectory().toString());
        assertEquals(22, metadata.clusterId().length(), metadata.clusterId());
        assertTrue(BrokerStatus.current().isStarted());
    }

    @Test
    void settingsSayWhereTheyComeFrom() {
        assertTrue(configuration.settings().get("listeners").source().endsWith("milena.properties"), configuration.settings().toString());
    }

    @Test
    void allThreadsOfOursAreTheServers() {
        List<Thread> ours = Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().startsWith("milena-")).toList();
        assertFalse(ours.isEmpty());
        List<Thread> unmanaged = ours.stream().filter(t -> !(t instanceof ManageableThread)).toList();
        assertTrue(unmanaged.isEmpty(), unmanaged.toString());
    }

    @Test
    void noOtherThreadRunsOurCode() {
        List<String> strangers = Thread.getAllStackTraces().entrySet().stream()
            .filter(e -> !e.getKey().equals(Thread.currentThread()) && !e.getKey().getName().startsWith("milena-") && !(e.getKey() instanceof ManageableThread))
            .filter(e -> java.util.Arrays.stream(e.getValue()).anyMatch(frame -> frame.getClassName().matches(
                "(org\\.milena|io\\.netty|org\\.apache\\.kafka|org\\.postgresql|org\\.h2)\\..*")))
            .map(e -> e.getKey().getName() + " " + List.of(e.getValue()))
            .toList();
        assertTrue(strangers.isEmpty(), strangers.toString());
    }
}
