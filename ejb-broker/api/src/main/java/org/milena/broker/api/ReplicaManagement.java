package org.milena.broker.api;

/** The partitions that this broker holds. */
public interface ReplicaManagement {

    int partitions();

    /** Partitions that can't be served because their log directory is offline. */
    int offlinePartitions();
}
