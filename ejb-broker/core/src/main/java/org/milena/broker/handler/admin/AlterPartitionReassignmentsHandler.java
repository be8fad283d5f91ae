package org.milena.broker.handler.admin;

import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.topic.TopicAdministration;

/** AlterPartitionReassignments (key 45) in its one-node meaning. */
final class AlterPartitionReassignmentsHandler implements RequestHandler<AlterPartitionReassignmentsRequestData> {

    private final TopicAdministration administration;

    AlterPartitionReassignmentsHandler(TopicAdministration administration) {
        this.administration = administration;
    }

    @Override
    public void handle(RequestContext context, AlterPartitionReassignmentsRequestData request) {
        context.reply(administration.alterPartitionReassignments(request));
    }
}
