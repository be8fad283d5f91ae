package org.milena.broker.handler.admin;

import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.topic.TopicAdministration;

/** DeleteTopics (key 20): by name, from version 6 on by id too. */
final class DeleteTopicsHandler implements RequestHandler<DeleteTopicsRequestData> {

    private final TopicAdministration administration;

    DeleteTopicsHandler(TopicAdministration administration) {
        this.administration = administration;
    }

    @Override
    public void handle(RequestContext context, DeleteTopicsRequestData request) {
        Replies.reply(context, administration.deleteTopics(request, context.apiVersion()), request.timeoutMs());
    }
}
