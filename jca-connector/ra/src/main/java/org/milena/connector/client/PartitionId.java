package org.milena.connector.client;

import org.apache.kafka.common.Uuid;

/** A partition by its topic's id: a topic created again under the same name is another. */
record PartitionId(Uuid topic, int partition) {
}
