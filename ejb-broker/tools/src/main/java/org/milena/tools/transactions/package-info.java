/** {@code milena-transactions}: what an operator sees of XA branches in doubt, and can do about them. Of Kafka only the wire format is used. */
package org.milena.tools.transactions;
