/**
 * The place of the connector's public API: the connection factory through which an enterprise bean
 * sends and the listener through which a message-driven bean receives. Empty until the connector's
 * own issue is worked on; nothing here is shipped in the EAR yet.
 */
package org.milena.connector;
