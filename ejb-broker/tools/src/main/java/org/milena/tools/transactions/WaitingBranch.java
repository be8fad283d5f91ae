package org.milena.tools.transactions;

import java.util.HexFormat;
import java.util.List;

/**
 * A branch that waits for its transaction manager.
 *
 * @param producerEpoch  of its records
 * @param preparedTimeMs by the broker's clock
 * @param ageMs          since then, by the same clock
 * @param partitions     those it holds back, as topic-partition
 */
record WaitingBranch(String resourceManager, String transactionalId, long producerId, short producerEpoch, int formatId, byte[] globalId,
                     byte[] qualifier, long preparedTimeMs, long ageMs, State state, List<String> partitions) {

    /** By their numbers in the protocol. */
    enum State {
        PREPARED("Prepared", "prepared; it waits for the decision of its transaction manager"),
        COMMITTED("HeuristicallyCommitted", "committed by an operator; its transaction manager has not forgotten it yet"),
        ROLLED_BACK("HeuristicallyRolledBack", "rolled back by an operator; its transaction manager has not forgotten it yet");

        private final String word;
        private final String text;

        State(String word, String text) {
            this.word = word;
            this.text = text;
        }

        String word() {
            return word;
        }

        String text() {
            return text;
        }
    }

    /** As the broker's log writes it. */
    String xid() {
        return formatId + ":" + HexFormat.of().formatHex(globalId) + ":" + HexFormat.of().formatHex(qualifier);
    }

    boolean fits(Arguments wanted) {
        return (wanted.xid() == null || wanted.xid().equals(xid()))
                && (wanted.resourceManager() == null || wanted.resourceManager().equals(resourceManager))
                && (wanted.transactionalId() == null || wanted.transactionalId().equals(transactionalId));
    }

    /** The two largest units of an age. */
    static String age(long ms) {
        long seconds = Math.max(0, ms / 1_000);
        if (seconds < 60) {
            return seconds + "s";
        }
        if (seconds < 3_600) {
            return seconds / 60 + "m " + seconds % 60 + "s";
        }
        return seconds < 86_400 ? seconds / 3_600 + "h " + seconds % 3_600 / 60 + "m" : seconds / 86_400 + "d " + seconds % 86_400 / 3_600 + "h";
    }

    String age() {
        return age(ageMs);
    }
}
