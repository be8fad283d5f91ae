package org.milena.broker.handler.transaction;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.protocol.types.Struct;
import org.milena.broker.handler.PrivateApi;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.handler.StructMessage;
import org.milena.broker.handler.transaction.OperatorMessages.Action;
import org.milena.broker.metrics.BranchListener;
import org.milena.broker.network.RequestContext;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.transaction.BranchCoordinator;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.XaAnswer;

/** The private request of operators about XA branches: the list over all resource managers, a heuristic decision, forget. */
public final class OperatorHandler implements RequestHandler<StructMessage> {

    /** The tool's name in ApiVersions. */
    public static final String CLIENT_SOFTWARE = "milena-transactions";

    private final BranchCoordinator branches;
    private final BrokerClock clock;
    private final BranchReplies replies;

    OperatorHandler(BranchCoordinator branches, BrokerClock clock, BranchListener metrics) {
        this.branches = branches;
        this.clock = clock;
        this.replies = new BranchReplies(OperatorMessages.KEY, answer -> OperatorMessages.response(answer, clock.millis()), metrics);
    }

    static PrivateApi api(BranchCoordinator branches, BrokerClock clock, BranchListener metrics) {
        return new PrivateApi(OperatorMessages.KEY, "OperateXaBranches", CLIENT_SOFTWARE, OperatorMessages.REQUEST,
                new OperatorHandler(branches, clock, metrics));
    }

    @Override
    public void handle(RequestContext context, StructMessage message) {
        Struct struct = message.struct();
        Action action = OperatorMessages.action(struct);
        String request = BranchReplies.name("operator_", action);
        List<BranchRequest> named;
        try {
            named = OperatorMessages.branches(struct);
        } catch (IllegalArgumentException e) {
            replies.reply(context, request, XaAnswer.INVALID);
            return;
        }
        if (action == null) {
            replies.reply(context, request, XaAnswer.INVALID);
        } else if (action == Action.LIST) {
            replies.reply(context, request, branches.recover(null), found -> OperatorMessages.response(found, clock.millis()));
        } else {
            replies.reply(context, request, named, i -> answer(action, named.get(i)),
                    answers -> OperatorMessages.response(named, answers, clock.millis()));
        }
    }

    private CompletableFuture<XaAnswer> answer(Action action, BranchRequest branch) {
        return switch (action) {
            case COMMIT -> branches.completeHeuristically(branch, true);
            case ROLLBACK -> branches.completeHeuristically(branch, false);
            case FORGET -> branches.forgetHeuristically(branch);
            case LIST -> throw new IllegalStateException("Names no branch");
        };
    }
}
