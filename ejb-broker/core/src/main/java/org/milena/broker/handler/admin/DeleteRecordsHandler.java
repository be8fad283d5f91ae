package org.milena.broker.handler.admin;

import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.topic.TopicAdministration;

/** DeleteRecords (key 21). */
final class DeleteRecordsHandler implements RequestHandler<DeleteRecordsRequestData> {

    private final TopicAdministration administration;

    DeleteRecordsHandler(TopicAdministration administration) {
        this.administration = administration;
    }

    @Override
    public void handle(RequestContext context, DeleteRecordsRequestData request) {
        Replies.reply(context, administration.deleteRecords(request), request.timeoutMs());
    }
}
