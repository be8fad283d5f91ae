package org.milena.broker.handler.transaction;

import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.protocol.types.Struct;
import org.milena.broker.handler.PrivateApi;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.handler.StructMessage;
import org.milena.broker.network.RequestContext;
import org.milena.broker.transaction.BranchCoordinator;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.XaAnswer;

/** The private request about XA branches: prepare, decide, forget, recover. Whatever fails is XAER_RMFAIL: ask again. */
public final class BranchHandler implements RequestHandler<StructMessage> {

    /** The connector's name in ApiVersions. */
    public static final String CLIENT_SOFTWARE = "milena-connector";

    private final BranchCoordinator branches;

    BranchHandler(BranchCoordinator branches) {
        this.branches = branches;
    }

    static PrivateApi api(BranchCoordinator branches) {
        return new PrivateApi(BranchMessages.KEY, "XaBranches", CLIENT_SOFTWARE, BranchMessages.REQUEST, new BranchHandler(branches));
    }

    @Override
    public void handle(RequestContext context, StructMessage message) {
        answer(message.struct()).exceptionally(e -> BranchMessages.response(XaAnswer.UNAVAILABLE))
                .thenAccept(response -> context.reply(new StructMessage(BranchMessages.KEY, response)));
    }

    private CompletableFuture<Struct> answer(Struct request) {
        BranchMessages.Action action = BranchMessages.action(request);
        BranchRequest[] named;
        try {
            named = BranchMessages.branches(request);
        } catch (IllegalArgumentException e) {
            return CompletableFuture.completedFuture(BranchMessages.response(XaAnswer.INVALID));
        }
        if (action == null || BranchMessages.resourceManager(request).isEmpty()) {
            return CompletableFuture.completedFuture(BranchMessages.response(XaAnswer.INVALID));
        }
        if (action == BranchMessages.Action.RECOVER) {
            return branches.recover(BranchMessages.resourceManager(request)).thenApply(BranchMessages::response);
        }
        @SuppressWarnings("unchecked")
        CompletableFuture<XaAnswer>[] answers = new CompletableFuture[named.length];
        for (int i = 0; i < named.length; i++) {
            answers[i] = answer(action, named[i]);
        }
        return CompletableFuture.allOf(answers).thenApply(done -> {
            XaAnswer[] all = new XaAnswer[answers.length];
            for (int i = 0; i < all.length; i++) {
                all[i] = answers[i].join();
            }
            return BranchMessages.response(named, all);
        });
    }

    private CompletableFuture<XaAnswer> answer(BranchMessages.Action action, BranchRequest branch) {
        return switch (action) {
            case PREPARE -> branches.prepare(branch);
            case COMMIT -> branches.decide(branch, true, false);
            case COMMIT_ONE_PHASE -> branches.decide(branch, true, true);
            case ROLLBACK -> branches.decide(branch, false, false);
            case FORGET -> branches.forget(branch);
            case RECOVER -> throw new IllegalStateException("Names no branch");
        };
    }
}
