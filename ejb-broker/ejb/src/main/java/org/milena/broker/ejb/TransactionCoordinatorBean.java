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
import org.milena.broker.api.TransactionCoordination;
import org.milena.broker.api.TransactionsUnavailableException;
import org.milena.broker.api.WaitingBranch;

/** The coordinator of Kafka's transactions, and of XA branches. */
@Startup
@Singleton(name = "TransactionCoordinator")
@DependsOn("GroupCoordinator")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class TransactionCoordinatorBean implements TransactionCoordination {

    @Inject
    Parts parts;

    private Broker broker;

    @PostConstruct
    void start() {
        broker = parts.get(Broker.class);
        StartPhase.run(parts, "transactions", broker::coordinateTransactions, broker::close);
    }

    @Override
    public int partitionFor(String transactionalId) {
        return broker.transactions().partitionFor(transactionalId);
    }

    @Override
    public List<WaitingBranch> waitingBranches() throws TransactionsUnavailableException {
        return broker.waitingBranches().list();
    }

    @Override
    public BranchAnswer completeBranch(WaitingBranch branch, boolean commit) throws TransactionsUnavailableException {
        return broker.waitingBranches().complete(branch, commit);
    }

    @Override
    public BranchAnswer forgetBranch(WaitingBranch branch) throws TransactionsUnavailableException {
        return broker.waitingBranches().forget(branch);
    }
}
