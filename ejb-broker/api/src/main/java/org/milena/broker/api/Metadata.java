package org.milena.broker.api;

/** The cluster's metadata and the database that keeps it. */
public interface Metadata {

    String clusterId();

    /** For humans: which database; never shows a password. */
    String database();
}
