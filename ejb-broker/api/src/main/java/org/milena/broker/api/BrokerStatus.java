package org.milena.broker.api;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What the broker says of itself: how far its start has come, and whether it can serve. One per deployment.
 *
 * <p>A static, and not a bean: health checks are found by a server only in EAR/lib, from where enterprise beans can't be seen.
 */
public final class BrokerStatus {

    /** A part of the start: when it began and ended, in milliseconds since the epoch. Two may overlap. */
    public record Phase(String name, long beginMs, long endMs) {

        public long millis() {
            return endMs - beginMs;
        }
    }

    /** The answer of one check, with what an operator needs to know. */
    public record Check(boolean up, Map<String, String> data) {

        public static Check up(Map<String, String> data) {
            return new Check(true, data);
        }

        public static Check down(String reason) {
            return new Check(false, Map.of("reason", reason));
        }
    }

    private static final BrokerStatus CURRENT = new BrokerStatus();

    private final Map<String, Supplier<Check>> readiness = new LinkedHashMap<>();
    private final Map<String, Supplier<Check>> liveness = new LinkedHashMap<>();
    private final List<Phase> phases = new ArrayList<>();
    private volatile boolean started;

    public static BrokerStatus current() {
        return CURRENT;
    }

    /** A phase of the start is over. */
    public synchronized void phaseDone(Phase phase) {
        phases.add(phase);
    }

    /** By begin. */
    public synchronized List<Phase> phases() {
        return phases.stream().sorted(Comparator.comparingLong(Phase::beginMs)).toList();
    }

    /** Everything has started: clients are served from now on. */
    public void started() {
        started = true;
    }

    public void stopped() {
        started = false;
    }

    public boolean isStarted() {
        return started;
    }

    /** A condition without which the broker can't serve. The check must not block for long. */
    public synchronized void addReadiness(String name, Supplier<Check> check) {
        readiness.put(name, check);
    }

    /** A condition that only a restart mends. */
    public synchronized void addLiveness(String name, Supplier<Check> check) {
        liveness.put(name, check);
    }

    public synchronized void removeChecks(String name) {
        readiness.remove(name);
        liveness.remove(name);
    }

    public Map<String, Check> readiness() {
        return answers(readiness);
    }

    public Map<String, Check> liveness() {
        return answers(liveness);
    }

    private Map<String, Check> answers(Map<String, Supplier<Check>> checks) {
        Map<String, Supplier<Check>> asked;
        synchronized (this) {
            asked = new LinkedHashMap<>(checks);
        }
        Map<String, Check> answers = new LinkedHashMap<>();
        asked.forEach((name, check) -> answers.put(name, answer(check)));
        return answers;
    }

    private static Check answer(Supplier<Check> check) {
        try {
            return check.get();
        } catch (RuntimeException e) {
            return Check.down(String.valueOf(e.getMessage()));
        }
    }
}
