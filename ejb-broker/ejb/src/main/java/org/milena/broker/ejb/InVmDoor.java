package org.milena.broker.ejb;

import java.lang.System.Logger.Level;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import org.milena.broker.network.InVmAccess;

/** Where other deployments of this server find the broker: a function of JDK types, bound in JNDI while the broker runs (decision 6). */
final class InVmDoor {

    static final String NAME = "java:global/milena/broker";

    private static final System.Logger LOG = System.getLogger(InVmDoor.class.getName());

    private InVmAccess bound;

    /** Without it other deployments need a socket: told, but no reason not to start. */
    void open(InVmAccess access) {
        try {
            new InitialContext().rebind(NAME, access);
            bound = access;
        } catch (NamingException e) {
            LOG.log(Level.WARNING, "Milena can''t be bound to {0}: connectors in this server must use bootstrapServers: {1}", NAME, e.toString());
        }
    }

    /** WildFly takes back what a deployment has bound before it destroys the deployment's beans, and says of an unbind then that it failed. */
    void close() {
        if (bound == null) {
            return;
        }
        try {
            new InitialContext().unbind(NAME);
        } catch (NamingException e) {
            if (isBound()) {
                LOG.log(Level.WARNING, "{0} can''t be unbound: {1}", NAME, e.toString());
            }
        }
        bound = null;
    }

    private boolean isBound() {
        try {
            return new InitialContext().lookup(NAME) == bound;
        } catch (NamingException e) {
            return false;
        }
    }
}
