package org.milena.connector.client;

import java.nio.ByteBuffer;
import java.util.List;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.apache.kafka.common.protocol.Errors;
import org.milena.connector.client.BranchMessages.Action;

/** Asks brokers about branches, again and again until there is an answer or the time is over. Thread-safe. */
final class BranchRequests {

    /** {@code recover} asks all coordinators, and holds up the transaction manager's work on other resources meanwhile. */
    private static final long RECOVER_MS = 5_000;

    private static final System.Logger LOG = System.getLogger(BranchRequests.class.getName());

    private final Cluster cluster;
    private final String resourceManager;

    BranchRequests(Cluster cluster, String resourceManager) {
        this.cluster = cluster;
        this.resourceManager = resourceManager;
    }

    private interface Attempt {
        BranchMessages.Response make(Deadline deadline) throws ClientException;
    }

    /**
     * Asks the coordinator of the branch's transactional id; for {@code delivery.timeout.ms}.
     *
     * @return XA_OK or the code of an XAException; XAER_RMFAIL: nobody knows
     */
    int ask(Action action, BranchName branch) {
        return ask(action, branch, BranchContents.NONE);
    }

    /** The same, of a branch that is to hold all this: for prepare and commit in one phase. */
    int ask(Action action, BranchName branch, BranchContents acknowledged) {
        ByteBuffer request = BranchMessages.request(action, resourceManager, branch, acknowledged);
        try {
            BranchMessages.Response response = repeat(Deadline.after(cluster.config().deliveryTimeoutMs()), deadline ->
                    askCoordinator(branch.transactionalId(), request, deadline));
            return response.code() != XAResource.XA_OK ? response.code() : response.branches().get(0).code();
        } catch (ClientException e) {
            LOG.log(System.Logger.Level.WARNING, "{0} of branch {1} of {2} has no outcome yet: {3}", action, branch, resourceManager, e.getMessage());
            return XAException.XAER_RMFAIL;
        }
    }

    private BranchMessages.Response askCoordinator(String transactionalId, ByteBuffer request, Deadline deadline) throws ClientException {
        try {
            return check(send(cluster.transactionCoordinator(transactionalId, deadline), request, deadline));
        } catch (ClientException e) {
            cluster.forgetTransactionalId(transactionalId); // it may have moved
            throw e;
        }
    }

    /**
     * All branches of this resource manager that a transaction manager has to hear of.
     *
     * @param patient ask for {@code delivery.timeout.ms}, not only a few seconds
     * @throws ClientException not all coordinators could be asked
     */
    List<BranchName> recover(boolean patient) throws ClientException {
        ByteBuffer request = BranchMessages.request(Action.RECOVER, resourceManager);
        Deadline all = Deadline.after(cluster.config().deliveryTimeoutMs());
        BranchMessages.Response response = repeat(patient ? all : all.within(RECOVER_MS), deadline ->
                check(send(cluster.any(deadline), request, deadline)));
        if (response.code() != XAResource.XA_OK) {
            throw ClientException.of("The broker refuses to list branches of " + resourceManager + ": " + response.code(), Errors.INVALID_REQUEST);
        }
        return response.branches().stream().map(BranchMessages.Answer::branch).toList();
    }

    private static BranchMessages.Response send(BrokerConnection broker, ByteBuffer request, Deadline deadline) throws ClientException {
        if (!broker.servesBranches()) {
            throw ClientException.noBranches(broker.endpoint());
        }
        return broker.sendBranches(request.duplicate()).await(deadline);
    }

    private static BranchMessages.Response check(BranchMessages.Response response) throws ClientException {
        boolean again = response.code() == XAException.XAER_RMFAIL
                || response.branches().stream().anyMatch(each -> each.code() == XAException.XAER_RMFAIL);
        if (again) {
            throw ClientException.of("The broker can't say yet", Errors.COORDINATOR_LOAD_IN_PROGRESS);
        }
        return response;
    }

    private BranchMessages.Response repeat(Deadline deadline, Attempt attempt) throws ClientException {
        ClientException failure = null;
        for (int i = 0; !deadline.over(); i++) {
            try {
                return attempt.make(deadline);
            } catch (ClientException e) {
                failure = e.orBefore(failure);
                if (!e.retriable()) {
                    throw e;
                }
                deadline.pause(cluster.config().backoff(i));
            }
        }
        throw ClientException.timedOut("No answer", deadline, failure, true);
    }
}
