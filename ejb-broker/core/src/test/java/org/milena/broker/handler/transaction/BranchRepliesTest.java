package org.milena.broker.handler.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.transaction.xa.XAException;
import org.apache.kafka.common.errors.CoordinatorLoadInProgressException;
import org.apache.kafka.common.protocol.types.Struct;
import org.junit.jupiter.api.Test;
import org.milena.broker.handler.StructMessage;
import org.milena.broker.network.RequestContext;
import org.milena.broker.testing.Logged;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.XaAnswer;

/** What becomes of a private request that fails: the client is told to come again, the operator why. */
class BranchRepliesTest {

    private static final BranchRequest BRANCH = new BranchRequest("id", 5, (short) 7, new BranchId(131_077, new byte[] {1, 2}, new byte[] {3}), "crm");

    private final List<String> counted = new ArrayList<>();
    private final BranchReplies replies = new BranchReplies(BranchMessages.KEY, BranchMessages::response,
            (request, result) -> counted.add(request + " " + result));
    private final List<Struct> answers = new ArrayList<>();
    private final RequestContext context = (RequestContext) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {RequestContext.class},
            (proxy, method, arguments) -> switch (method.getName()) {
                case "clientId" -> "tm";
                case "connectionId" -> "127.0.0.1:9092-127.0.0.1:5000-3";
                case "reply" -> {
                    answers.add(((StructMessage) arguments[0]).struct());
                    yield null;
                }
                default -> throw new UnsupportedOperationException(method.getName());
            });

    @Test
    void anUnexpectedFailureIsLoggedOnceWithAllThatNamesIt() {
        try (Logged logged = new Logged(BranchReplies.class.getName())) {
            replies.reply(context, "prepare", List.of(BRANCH, BRANCH), branch -> CompletableFuture.failedFuture(new IllegalStateException("a bug")),
                    found -> BranchMessages.response(List.of(BRANCH, BRANCH), found));
            String name = "131077:0102:03 of crm (transactional id id)";
            assertThat(logged.messages()).containsExactly("The request prepare about XA branches [" + name + ", " + name
                    + "] from client \"tm\" at 127.0.0.1:9092-127.0.0.1:5000-3 failed and is to come again");
        }
        assertComesAgain("prepare");
    }

    @Test
    void soIsOneInTheAnswer() {
        try (Logged logged = new Logged(BranchReplies.class.getName())) {
            replies.reply(context, "recover", CompletableFuture.completedFuture(1), one -> {
                throw new IllegalStateException("a bug");
            });
            assertThat(logged.messages()).singleElement().asString().startsWith("The request recover about XA branches [] from client \"tm\"");
        }
        assertComesAgain("recover");
    }

    @Test
    void ordinaryLifeIsNotLogged() {
        try (Logged logged = new Logged(BranchReplies.class.getName())) {
            replies.reply(context, "recover", CompletableFuture.failedFuture(new CoordinatorLoadInProgressException("loading")), all -> null);
            assertThat(logged.messages()).isEmpty();
        }
        assertComesAgain("recover");
    }

    private void assertComesAgain(String request) {
        assertThat(answers).singleElement().satisfies(answer -> assertThat(answer.getInt("xa_code")).isEqualTo(XAException.XAER_RMFAIL));
        assertThat(counted).containsExactly(request + " " + XaAnswer.UNAVAILABLE.xaName());
    }
}
