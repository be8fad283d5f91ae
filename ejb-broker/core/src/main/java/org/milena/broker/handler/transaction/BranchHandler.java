package org.milena.broker.handler.transaction;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.protocol.types.Struct;
import org.milena.broker.handler.PrivateApi;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.handler.StructMessage;
import org.milena.broker.handler.transaction.BranchMessages.Action;
import org.milena.broker.metrics.BranchListener;
import org.milena.broker.network.RequestContext;
import org.milena.broker.transaction.BranchContent;
import org.milena.broker.transaction.BranchCoordinator;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.XaAnswer;

/** The private request of transaction managers about XA branches: prepare, decide, forget, recover. */
public final class BranchHandler implements RequestHandler<StructMessage> {

    /** The connector's name in ApiVersions. */
    public static final String CLIENT_SOFTWARE = "milena-connector";

    private final BranchCoordinator branches;
    private final BranchReplies replies;

    BranchHandler(BranchCoordinator branches, BranchListener metrics) {
        this.branches = branches;
        this.replies = new BranchReplies(BranchMessages.KEY, BranchMessages::response, metrics);
    }

    static PrivateApi api(BranchCoordinator branches, BranchListener metrics) {
        return new PrivateApi(BranchMessages.KEY, "XaBranches", CLIENT_SOFTWARE, BranchMessages.REQUEST, new BranchHandler(branches, metrics));
    }

    @Override
    public void handle(RequestContext context, StructMessage message) {
        Struct struct = message.struct();
        Action action = BranchMessages.action(struct);
        String request = BranchReplies.name("", action);
        String resourceManager = BranchMessages.resourceManager(struct);
        List<BranchRequest> named;
        try {
            named = BranchMessages.branches(struct);
        } catch (IllegalArgumentException e) {
            replies.reply(context, request, XaAnswer.INVALID);
            return;
        }
        if (action == null || resourceManager.isEmpty()) {
            replies.reply(context, request, XaAnswer.INVALID);
        } else if (action == Action.RECOVER) {
            replies.reply(context, request, branches.recover(resourceManager), BranchMessages::response);
        } else {
            replies.reply(context, request, named, i -> answer(action, named.get(i), BranchMessages.acknowledged(struct, i)), answers -> BranchMessages.response(named, answers));
        }
    }

    private CompletableFuture<XaAnswer> answer(Action action, BranchRequest branch, Set<BranchContent> acknowledged) {
        return switch (action) {
            case PREPARE -> branches.prepare(branch, acknowledged);
            case COMMIT -> branches.decide(branch, true);
            case COMMIT_ONE_PHASE -> branches.commitInOnePhase(branch, acknowledged);
            case ROLLBACK -> branches.decide(branch, false);
            case FORGET -> branches.forget(branch);
            case RECOVER -> throw new IllegalStateException("Names no branch");
        };
    }
}
