/**
 * A small client, plain Java: Kafka's requests as frames over a {@link org.milena.connector.client.Transport}, which is a socket or a
 * function of the broker in the same VM (decision 6). No jakarta type, and no thread but the one that {@code SocketIo} is given;
 * callers wait for answers themselves, each until its {@code Deadline}.
 *
 * <p>{@code Cluster} knows topics and leaders and keeps one {@code BrokerConnection} a broker, shared by everybody; a {@code Producer}
 * belongs to one connection of the pool and is used by one thread at a time. A {@code GroupConsumer} is a member of a consumer group, and has a
 * {@code PartitionFeed} for each partition that is its own.
 */
package org.milena.connector.client;
