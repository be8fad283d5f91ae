package org.milena.broker.metrics;

/** Told of every answer to a private request about XA branches. Called on any thread; must be cheap and must not throw. */
@FunctionalInterface
public interface BranchListener {

    BranchListener NONE = (request, result) -> {
    };

    /**
     * Of one branch, or of a request as a whole.
     *
     * @param request what was asked; one of a small fixed set
     * @param result  XA's name of the answer
     */
    void answered(String request, String result);
}
