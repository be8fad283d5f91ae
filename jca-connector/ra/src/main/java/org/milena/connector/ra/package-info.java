/** The resource adapter (Jakarta Connectors 2.1) around {@code org.milena.connector.client}: pooling, handles, events, the server's threads. */
package org.milena.connector.ra;
