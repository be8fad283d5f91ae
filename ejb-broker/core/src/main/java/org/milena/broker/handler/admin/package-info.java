/** Metadata and administration: one class per API key, over {@link org.milena.broker.topic.TopicAdministration} and the metadata image. */
package org.milena.broker.handler.admin;
