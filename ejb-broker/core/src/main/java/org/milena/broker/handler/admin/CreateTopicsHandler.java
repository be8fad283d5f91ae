package org.milena.broker.handler.admin;

import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.topic.TopicAdministration;

/** CreateTopics (key 19). */
final class CreateTopicsHandler implements RequestHandler<CreateTopicsRequestData> {

    private final TopicAdministration administration;

    CreateTopicsHandler(TopicAdministration administration) {
        this.administration = administration;
    }

    @Override
    public void handle(RequestContext context, CreateTopicsRequestData request) {
        Replies.reply(context, administration.createTopics(request), request.timeoutMs());
    }
}
