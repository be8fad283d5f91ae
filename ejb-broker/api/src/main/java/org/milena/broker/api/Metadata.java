package org.milena.broker.api;

/** The cluster's metadata and the database that keeps it. */
public interface Metadata {

    String clusterId();

    /** The number of this start of the broker, larger than that of any start before. */
    long incarnation();

    /** For humans: which database; never shows a password. */
    String database();

    int topicCount();
}
