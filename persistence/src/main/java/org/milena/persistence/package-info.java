/**
 * The metadata of the cluster in a relational database: entities, repositories and migrations.
 *
 * <p>Hibernate is started by {@link org.milena.persistence.Database} itself and not by the container: a transaction here is
 * then always one of its own, never the caller's (a bean's send may create a topic), the same Hibernate runs on every server
 * and in tests without one, and nothing has to be configured in the server. Knows nothing of the rest of Milena.
 */
package org.milena.persistence;
