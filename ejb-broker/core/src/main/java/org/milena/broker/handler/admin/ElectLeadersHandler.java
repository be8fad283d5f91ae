package org.milena.broker.handler.admin;

import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.topic.TopicAdministration;

/** ElectLeaders (key 43) in its one-node meaning. */
final class ElectLeadersHandler implements RequestHandler<ElectLeadersRequestData> {

    private final TopicAdministration administration;

    ElectLeadersHandler(TopicAdministration administration) {
        this.administration = administration;
    }

    @Override
    public void handle(RequestContext context, ElectLeadersRequestData request) {
        context.reply(administration.electLeaders(request));
    }
}
