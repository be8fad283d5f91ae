package org.milena.broker.api;

import java.util.List;

/** Topics. */
public interface TopicAdministration {

    /** By name. */
    List<Topic> topics();

    /** @param configsHeld its settings are unknown, and nothing is deleted from it until they are set */
    record Topic(String name, int partitions, boolean internal, boolean configsHeld) {
    }
}
