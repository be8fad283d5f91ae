package org.milena.broker.handler.transaction;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.types.Struct;
import org.milena.broker.handler.StructMessage;
import org.milena.broker.metrics.BranchListener;
import org.milena.broker.network.RequestContext;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.XaAnswer;

/** How private requests about XA branches are answered: each answer is counted, and whatever fails is XAER_RMFAIL, which means: ask again. */
final class BranchReplies {

    private static final System.Logger LOG = System.getLogger(BranchReplies.class.getName());

    private final short key;
    private final Function<XaAnswer, Struct> whole;
    private final BranchListener listener;

    /** @param whole an answer to the request as a whole: nothing can be said of any branch */
    BranchReplies(short key, Function<XaAnswer, Struct> whole, BranchListener listener) {
        this.key = key;
        this.whole = whole;
        this.listener = listener;
    }

    /** What the metrics call a request. */
    static String name(String prefix, Enum<?> action) {
        return prefix + (action == null ? "unknown" : action.name().toLowerCase(Locale.ROOT));
    }

    /** Replies to a request that names no branch, or none that can be. */
    void reply(RequestContext context, String request, XaAnswer answer) {
        listener.answered(request, answer.xaName());
        context.reply(new StructMessage(key, whole.apply(answer)));
    }

    /** Replies with what was found. */
    <T> void reply(RequestContext context, String request, CompletableFuture<T> found, Function<T, Struct> response) {
        reply(context, request, List.of(), found.thenApply(all -> {
            Struct answer = response.apply(all);
            listener.answered(request, XaAnswer.OK.xaName());
            return answer;
        }));
    }

    /**
     * Replies with what is said of each branch.
     *
     * @param question by the number of the branch
     */
    void reply(RequestContext context, String request, List<BranchRequest> named, IntFunction<CompletableFuture<XaAnswer>> question,
               Function<List<XaAnswer>, Struct> response) {
        List<CompletableFuture<XaAnswer>> asked = IntStream.range(0, named.size()).mapToObj(question).toList();
        reply(context, request, named, CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).thenApply(done -> {
            List<XaAnswer> answers = asked.stream().map(CompletableFuture::join).toList();
            Struct answer = response.apply(answers);
            answers.forEach(each -> listener.answered(request, each.xaName()));
            return answer;
        }));
    }

    private void reply(RequestContext context, String request, List<BranchRequest> named, CompletableFuture<Struct> answer) {
        answer.exceptionally(e -> {
            failed(context, request, named, Errors.maybeUnwrapException(e));
            listener.answered(request, XaAnswer.UNAVAILABLE.xaName());
            return whole.apply(XaAnswer.UNAVAILABLE);
        }).thenAccept(response -> context.reply(new StructMessage(key, response)));
    }

    /** An ApiException is ordinary life, such as a coordinator that is loading. */
    private static void failed(RequestContext context, String request, List<BranchRequest> named, Throwable error) {
        LOG.log(error instanceof ApiException ? Level.DEBUG : Level.ERROR, "The request " + request + " about XA branches "
                + named.stream().map(each -> each.xid() + " of " + each.resourceManager() + " (transactional id " + each.transactionalId() + ")").toList()
                + " from client \"" + context.clientId() + "\" at " + context.connectionId() + " failed and is to come again", error);
    }
}
