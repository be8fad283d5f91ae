package org.milena.broker.log;

import java.util.Random;

/** Random tests: {@code -Dseed=} repeats one, {@code -Dmilena.long=true} runs them in full. */
final class Seeds {

    @FunctionalInterface
    interface Body {
        void run(Random random) throws Exception;
    }

    private Seeds() {
    }

    static void each(int reduced, int full, Body body) throws Exception {
        String given = System.getProperty("seed");
        int runs = given != null ? 1 : Boolean.getBoolean("milena.long") ? full : reduced;
        Random seeds = new Random();
        for (int i = 0; i < runs; i++) {
            long seed = given != null ? Long.parseLong(given) : seeds.nextLong();
            try {
                body.run(new Random(seed));
            } catch (Throwable e) {
                throw new AssertionError("Failed with -Dseed=" + seed + ": " + e.getMessage(), e);
            }
        }
    }
}
