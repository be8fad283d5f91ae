package org.milena.tools.transactions;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.FindCoordinatorResponseData.Coordinator;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.milena.tools.transactions.Arguments.HostPort;
import org.milena.tools.transactions.OperatorMessages.Action;
import org.milena.tools.transactions.OperatorMessages.Response;

/** The brokers that can be asked: any of them for the list, the coordinator of its transactional id for a branch. */
final class Brokers {

    private static final byte TRANSACTION = 1;
    private static final short FIND_COORDINATOR_VERSION = 4;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final List<HostPort> bootstrap;
    private final int timeoutMs;

    /** @param timeoutMs of each answer, and for how long the same is asked again while nobody can say */
    Brokers(List<HostPort> bootstrap, int timeoutMs) {
        this.bootstrap = bootstrap;
        this.timeoutMs = timeoutMs;
    }

    private interface Question<T> {
        /** Null: ask again. */
        T ask(BrokerConnection broker) throws IOException, ToolException;
    }

    /** All branches that wait for a transaction manager. */
    List<WaitingBranch> list() throws ToolException {
        try (BrokerConnection broker = any()) {
            return insist(broker, "which branches wait: its coordinators are being loaded, or a disk fails", each -> {
                Response response = send(each, Action.LIST);
                return response == null ? null : response.branches();
            });
        } catch (IOException e) {
            throw new ToolException(e.getMessage());
        }
    }

    /** @return XA's code of the answer; never XAER_RMFAIL */
    int change(Action action, WaitingBranch branch) throws ToolException {
        HostPort coordinator = coordinator(branch.transactionalId());
        try (BrokerConnection broker = open(coordinator)) {
            String what = action == Action.FORGET ? "whether the branch can be forgotten: markers are being written, or its partitions are offline"
                    : "what becomes of the branch: its coordinator is being loaded, or a disk fails. Later, list shows it";
            return insist(broker, what, each -> {
                Response response = send(each, action, branch);
                return response == null || response.codes().get(0) == XAException.XAER_RMFAIL ? null : response.codes().get(0);
            });
        } catch (IOException e) {
            throw new ToolException(e.getMessage());
        }
    }

    private HostPort coordinator(String transactionalId) throws ToolException {
        FindCoordinatorRequestData request = new FindCoordinatorRequestData().setKeyType(TRANSACTION).setCoordinatorKeys(List.of(transactionalId));
        try (BrokerConnection broker = any()) {
            return insist(broker, "who coordinates transactional id " + transactionalId, each -> {
                Coordinator found = ((FindCoordinatorResponseData) each.call(ApiKeys.FIND_COORDINATOR, FIND_COORDINATOR_VERSION, request))
                        .coordinators().get(0);
                Errors error = Errors.forCode(found.errorCode());
                if (error != Errors.NONE && !(error.exception() instanceof RetriableException)) {
                    throw new ToolException(each.address() + " names no coordinator of transactional id " + transactionalId + ": " + error.message());
                }
                return error == Errors.NONE ? new HostPort(found.host(), found.port()) : null;
            });
        } catch (IOException e) {
            throw new ToolException(e.getMessage());
        }
    }

    /** Null: nothing can be said yet. */
    private static Response send(BrokerConnection broker, Action action, WaitingBranch... branches) throws IOException, ToolException {
        ByteBuffer answer = broker.callPrivate(OperatorMessages.KEY, OperatorMessages.request(action, branches));
        Response response = OperatorMessages.response(action, answer);
        if (response.code() == XAException.XAER_RMFAIL) {
            return null;
        }
        if (response.code() != XAResource.XA_OK) {
            throw new ToolException(broker.address() + " refuses the request: XA code " + response.code());
        }
        return response;
    }

    /** Asks until there is an answer. @throws ToolException there is none in time, or none any more */
    private <T> T insist(BrokerConnection broker, String what, Question<T> question) throws ToolException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        try {
            while (true) {
                T answer = question.ask(broker);
                if (answer != null) {
                    return answer;
                }
                if (System.nanoTime() - deadline > 0) {
                    throw new ToolException(broker.address() + " can't say within " + timeoutMs + " ms " + what);
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        } catch (IOException e) {
            throw new ToolException(broker.address() + " gave no answer: " + BrokerConnection.why(e) + ". Look with list what has happened");
        } catch (RuntimeException e) {
            throw new ToolException(broker.address() + " gave an answer that can't be read: " + e);
        }
    }

    private BrokerConnection open(HostPort address) throws ToolException {
        try {
            return BrokerConnection.open(address, timeoutMs);
        } catch (IOException e) {
            throw new ToolException("Can't connect to " + address + ": " + BrokerConnection.why(e));
        }
    }

    private BrokerConnection any() throws ToolException {
        List<String> failures = new ArrayList<>();
        for (HostPort each : bootstrap) {
            try {
                return open(each);
            } catch (ToolException e) {
                failures.add(e.getMessage());
            }
        }
        throw new ToolException(String.join("; ", failures));
    }
}
