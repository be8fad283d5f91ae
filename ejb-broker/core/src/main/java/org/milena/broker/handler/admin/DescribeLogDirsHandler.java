package org.milena.broker.handler.admin;

import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.topic.TopicAdministration;

/** DescribeLogDirs (key 35). */
final class DescribeLogDirsHandler implements RequestHandler<DescribeLogDirsRequestData> {

    private final TopicAdministration administration;

    DescribeLogDirsHandler(TopicAdministration administration) {
        this.administration = administration;
    }

    @Override
    public void handle(RequestContext context, DescribeLogDirsRequestData request) {
        Replies.reply(context, administration.describeLogDirs(request));
    }
}
