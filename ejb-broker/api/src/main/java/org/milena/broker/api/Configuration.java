package org.milena.broker.api;

import java.nio.file.Path;
import java.util.Map;

/** The broker's settings as they were read at the start. */
public interface Configuration {

    /** Where everything lives that the broker keeps. */
    Path dataDirectory();

    int nodeId();

    /** The directories of the logs, Kafka's {@code log.dirs}. */
    java.util.List<Path> logDirectories();

    /** What was set, by key, and where; keys at their default are absent. */
    Map<String, Setting> settings();

    /** @param source where the value was found, for humans */
    record Setting(String value, String source) {
    }
}
