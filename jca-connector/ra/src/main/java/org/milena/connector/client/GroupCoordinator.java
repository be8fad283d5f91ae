package org.milena.connector.client;

import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** Asks the coordinator of one group, wherever it is at the moment. Thread-safe. */
final class GroupCoordinator {

    private final Cluster cluster;
    private final String groupId;

    GroupCoordinator(Cluster cluster, String groupId) {
        this.cluster = cluster;
        this.groupId = groupId;
    }

    /**
     * Asks once.
     *
     * @throws ClientException no answer; {@link ClientException#retriable()} tells whether to try again
     */
    ApiMessage ask(ApiKeys key, int oldest, int latest, ApiMessage request, Deadline deadline) throws ClientException {
        try {
            BrokerConnection broker = cluster.groupCoordinator(groupId, deadline);
            return broker.send(key, broker.version(key, oldest, latest), request).await(deadline);
        } catch (ClientException e) {
            cluster.forgetGroup(groupId);
            throw e;
        }
    }

    /**
     * What the coordinator answered, as an exception unless it is NONE.
     *
     * @param what for the message: what was asked for
     * @param told the broker's own words, or null
     */
    void check(Errors error, String what, String told) throws ClientException {
        if (error == Errors.NONE) {
            return;
        }
        if (error == Errors.NOT_COORDINATOR || error == Errors.COORDINATOR_NOT_AVAILABLE) {
            cluster.forgetGroup(groupId);
        }
        String hint = error.exception() instanceof RetriableException ? "" : " (" + error + ")";
        throw ClientException.of(what + ": " + (told == null ? error.message() : told) + hint, error);
    }
}
