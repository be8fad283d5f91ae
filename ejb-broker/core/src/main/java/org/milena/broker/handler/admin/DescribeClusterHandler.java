package org.milena.broker.handler.admin;

import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeClusterResponseData.DescribeClusterBroker;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** DescribeCluster (key 60, KIP-700). Brokers that are not alive are in no image, so there are no fenced ones to include. */
final class DescribeClusterHandler implements RequestHandler<DescribeClusterRequestData> {

    private static final byte BROKER = 1;
    private static final byte CONTROLLER = 2;

    private final MetadataCache cache;

    DescribeClusterHandler(MetadataCache cache) {
        this.cache = cache;
    }

    @Override
    public void handle(RequestContext context, DescribeClusterRequestData request) {
        DescribeClusterResponseData response = new DescribeClusterResponseData().setEndpointType(BROKER);
        if (request.endpointType() == BROKER) {
            describe(request, response);
        } else if (request.endpointType() == CONTROLLER) {
            response.setErrorCode(Errors.MISMATCHED_ENDPOINT_TYPE.code()).setErrorMessage(
                    "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER");
        } else {
            response.setErrorCode(Errors.UNSUPPORTED_ENDPOINT_TYPE.code())
                    .setErrorMessage("Unsupported endpoint type " + request.endpointType());
        }
        context.reply(response);
    }

    private void describe(DescribeClusterRequestData request, DescribeClusterResponseData response) {
        MetadataImage image = cache.image();
        response.setClusterId(image.clusterId()).setControllerId(image.controllerId()).setErrorMessage(null);
        for (MetadataImage.BrokerImage broker : image.brokers()) {
            response.brokers().add(new DescribeClusterBroker().setBrokerId(broker.id()).setHost(broker.host()).setPort(broker.port())
                    .setRack(broker.rack()));
        }
        if (request.includeClusterAuthorizedOperations()) {
            response.setClusterAuthorizedOperations(AuthorizedOperations.CLUSTER);
        }
    }
}
