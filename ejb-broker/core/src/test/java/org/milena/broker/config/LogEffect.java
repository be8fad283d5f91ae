package org.milena.broker.config;

import java.util.Map;

/**
 * What one topic key does, seen from outside. The same steps run with the key unset and with it set, however it is set.
 *
 * @param base    settings that both runs need
 * @param observe does the steps on a topic of its own and tells what came of them
 */
record LogEffect(String key, String value, Map<String, String> base, Observation observe, String byDefault, String whenSet) {

    @FunctionalInterface
    interface Observation {
        String of(LiveBroker broker, String topic) throws Exception;
    }

    static Builder of(String key, String value, String... base) {
        return new Builder(key, value, LiveBroker.map(base));
    }

    record Builder(String key, String value, Map<String, String> base) {

        LogEffect shows(String byDefault, String whenSet, Observation observe) {
            return new LogEffect(key, value, base, observe, byDefault, whenSet);
        }
    }

    @Override
    public String toString() {
        return key + "=" + value;
    }
}
