package org.milena.broker.transaction;

import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;

/**
 * What a transaction manager is told of a branch, with the codes of XA. Whatever is temporary is {@link #UNAVAILABLE}: only that and
 * XA_RETRY make a transaction manager ask again, XAER_RMERR and XAER_PROTO become heuristic rollbacks (rules 16).
 */
public enum XaAnswer {

    OK(XAResource.XA_OK, "XA_OK"),
    /** The branch is rolled back, durably: the transaction manager will not ask for it again. */
    ROLLED_BACK(XAException.XA_RBROLLBACK, "XA_RBROLLBACK"),
    HEURISTICALLY_COMMITTED(XAException.XA_HEURCOM, "XA_HEURCOM"),
    HEURISTICALLY_ROLLED_BACK(XAException.XA_HEURRB, "XA_HEURRB"),
    /** No such branch is prepared or remembered here. Never said of one that is. */
    NOT_KNOWN(XAException.XAER_NOTA, "XAER_NOTA"),
    /** The request cannot be meant: nothing was looked at. */
    INVALID(XAException.XAER_INVAL, "XAER_INVAL"),
    UNAVAILABLE(XAException.XAER_RMFAIL, "XAER_RMFAIL");

    private final int code;
    private final String xaName;

    XaAnswer(int code, String xaName) {
        this.code = code;
        this.xaName = xaName;
    }

    /** As in {@link XAException#errorCode}, or {@link XAResource#XA_OK}. */
    public int code() {
        return code;
    }

    /** As XA calls it. */
    public String xaName() {
        return xaName;
    }

    /** To the wish to commit, or roll back, a branch that has ended. */
    static XaAnswer to(boolean commit, Branch.Outcome outcome) {
        if (outcome.isCommit() == commit && !outcome.isHeuristic()) {
            return OK;
        }
        return outcome.isCommit() ? HEURISTICALLY_COMMITTED : HEURISTICALLY_ROLLED_BACK;
    }
}
