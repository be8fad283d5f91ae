package org.milena.broker.handler.admin;

import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.topic.TopicAdministration;

/** CreatePartitions (key 37). */
final class CreatePartitionsHandler implements RequestHandler<CreatePartitionsRequestData> {

    private final TopicAdministration administration;

    CreatePartitionsHandler(TopicAdministration administration) {
        this.administration = administration;
    }

    @Override
    public void handle(RequestContext context, CreatePartitionsRequestData request) {
        Replies.reply(context, administration.createPartitions(request), request.timeoutMs());
    }
}
