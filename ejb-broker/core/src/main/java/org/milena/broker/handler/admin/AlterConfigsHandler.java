package org.milena.broker.handler.admin;

import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.topic.TopicAdministration;

/** AlterConfigs (key 33): sets all keys of a resource; those not named go back to their default. */
final class AlterConfigsHandler implements RequestHandler<AlterConfigsRequestData> {

    private final TopicAdministration administration;

    AlterConfigsHandler(TopicAdministration administration) {
        this.administration = administration;
    }

    @Override
    public void handle(RequestContext context, AlterConfigsRequestData request) {
        Replies.reply(context, administration.alterConfigs(request));
    }
}
