package org.milena.broker.handler.admin;

import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.topic.TopicAdministration;

/** IncrementalAlterConfigs (key 44, KIP-339). */
final class IncrementalAlterConfigsHandler implements RequestHandler<IncrementalAlterConfigsRequestData> {

    private final TopicAdministration administration;

    IncrementalAlterConfigsHandler(TopicAdministration administration) {
        this.administration = administration;
    }

    @Override
    public void handle(RequestContext context, IncrementalAlterConfigsRequestData request) {
        Replies.reply(context, administration.incrementalAlterConfigs(request));
    }
}
