package org.milena.broker.handler.fetch;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.metrics.TopicMetrics;
import org.milena.broker.network.RequestContext;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.time.BrokerClock;

/** Fetch: finds the session the request belongs to and starts the {@link FetchOperation}. */
public final class FetchHandler implements RequestHandler<FetchRequestData> {

    private static final int FINAL_EPOCH = -1;
    private static final int INITIAL_EPOCH = 0;
    static final short TOPIC_IDS_SINCE = 13;

    private final ReplicaManager replicas;
    private final TopicMetrics metrics;
    private final FetchSessionCache sessions;
    private final BrokerClock clock;
    private final int maxBytes;
    private final CopyBudget budget;

    /**
     * @param maxBytes {@code fetch.max.bytes}: the most one response carries, unless its first batch is larger
     * @param copyBytes the heap that copies of what other directories hold may take, over all connections
     */
    public FetchHandler(ReplicaManager replicas, TopicMetrics metrics, BrokerClock clock, int sessionSlots, int maxBytes, long copyBytes) {
        this.replicas = replicas;
        this.metrics = metrics;
        this.clock = clock;
        this.sessions = new FetchSessionCache(sessionSlots, clock);
        this.maxBytes = maxBytes;
        this.budget = new CopyBudget(copyBytes, FetchOperation.MAX_COPIED_BYTES, clock);
    }

    @Override
    public void handle(RequestContext context, FetchRequestData request) {
        int epoch = request.sessionEpoch();
        boolean topicIds = context.apiVersion() >= TOPIC_IDS_SINCE;
        if (epoch == FINAL_EPOCH || epoch == INITIAL_EPOCH) {
            if (request.sessionId() != 0) {
                sessions.close(request.sessionId());
            }
            Optional<FetchSession> session = epoch == INITIAL_EPOCH ? sessions.create(request, topicIds) : Optional.empty();
            List<FetchPartition> partitions = session.map(s -> s.update(request))
                    .orElseGet(() -> new ArrayList<>(FetchSession.partitionsOf(request).values()));
            start(context, request, session.orElse(null), true, partitions);
            return;
        }
        FetchSession session = sessions.get(request.sessionId());
        Errors error = session == null ? Errors.FETCH_SESSION_ID_NOT_FOUND
                : session.usesTopicIds() != topicIds ? Errors.FETCH_SESSION_TOPIC_ID_ERROR
                : session.advance(epoch, clock.millis()) ? Errors.NONE : Errors.INVALID_FETCH_SESSION_EPOCH;
        if (error != Errors.NONE) {
            context.reply(new FetchResponseData().setErrorCode(error.code()).setSessionId(0));
            return;
        }
        List<FetchPartition> partitions = session.update(request);
        if (partitions.isEmpty()) { // all forgotten: as in Kafka, that ends it
            sessions.close(session.id());
            start(context, request, null, true, new ArrayList<>(FetchSession.partitionsOf(request).values()));
        } else {
            start(context, request, session, false, partitions);
        }
    }

    private void start(RequestContext context, FetchRequestData request, FetchSession session, boolean full, List<FetchPartition> partitions) {
        int limit = Math.min(request.maxBytes(), maxBytes);
        new FetchOperation(context, request, replicas, metrics, session, full, partitions, limit, budget).start();
    }

    /** Bytes of copies that clients have not taken yet. */
    public long copiedBytes() {
        return budget.used();
    }
}
