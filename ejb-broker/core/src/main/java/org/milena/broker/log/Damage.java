package org.milena.broker.log;

import java.nio.file.Path;

/** Words for damaged files: always which file, where, and how to look at it. */
final class Damage {

    private Damage() {
    }

    static String describe(Path file, long position, String what) {
        return "Damaged log segment " + file + " at position " + position + ": " + what
                + ". Nothing was changed. Inspect it with: kafka-dump-log --deep-iteration --files " + file;
    }
}
