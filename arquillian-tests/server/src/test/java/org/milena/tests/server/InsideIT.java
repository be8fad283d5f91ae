package org.milena.tests.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.ejb.EJB;
import jakarta.enterprise.concurrent.ManageableThread;
import java.nio.file.Files;
import java.time.Instant;
import java.util.List;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.jboss.shrinkwrap.api.spec.EnterpriseArchive;
import org.junit.jupiter.api.Test;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.Configuration;
import org.milena.broker.api.Metadata;
import org.milena.broker.api.TransactionCoordination;
import org.milena.broker.api.TransactionsUnavailableException;
import org.milena.broker.api.WaitingBranch;

/** Inside the server: the beans as another application part sees them. */
@ArquillianTest
class InsideIT {

    @EJB
    Configuration configuration;

    @EJB
    Metadata metadata;

    @EJB
    TransactionCoordination transactions;

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

    /** What waits would be somebody's. Nobody knows this branch; without any transaction yet there is no coordinator that could say so. */
    @Test
    void branchesInDoubtAreSeenByBeans() throws Exception {
        assertEquals(List.of(), transactions.waitingBranches());
        WaitingBranch nobodys = new WaitingBranch("131077:01:02", "crm", "inside", 1, (short) 0, Instant.EPOCH, WaitingBranch.State.IN_DOUBT, List.of());
        try {
            assertEquals(TransactionCoordination.BranchAnswer.NOT_WAITING, transactions.completeBranch(nobodys, false));
        } catch (TransactionsUnavailableException e) { // as itself, in no EJBException
            assertEquals("What becomes of XA branch 131077:01:02 can't be said now", e.getMessage());
        }
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
