package org.milena.tools.transactions;

/** What the operator wanted can't be done; the message says why. */
final class ToolException extends Exception {

    private static final long serialVersionUID = 1;

    private final boolean usage;

    private ToolException(String message, boolean usage) {
        super(message);
        this.usage = usage;
    }

    ToolException(String message) {
        this(message, false);
    }

    /** The arguments can't be meant. */
    static ToolException usage(String message) {
        return new ToolException(message, true);
    }

    boolean isUsage() {
        return usage;
    }
}
