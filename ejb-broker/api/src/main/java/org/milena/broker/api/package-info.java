/** The broker as the rest of the server sees it: business interfaces of its enterprise beans, and its status. No Kafka type is here. */
package org.milena.broker.api;
