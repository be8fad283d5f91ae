package org.milena.connector.client;

/**
 * One run of a server.
 *
 * @param server  its name: the same after a restart, and no other server's; without {@value ResourceManager#SEPARATOR}
 * @param process of this run; none before or after has the same
 */
public record ServerProcess(String server, String process) {

    /** Begins the names of all that this run has at a broker. */
    String prefix() {
        return serverPrefix() + process + ResourceManager.SEPARATOR;
    }

    /** Whether a run that is gone has left something of this name at a broker. */
    boolean succeeds(String name) {
        return name.startsWith(serverPrefix()) && !name.startsWith(prefix());
    }

    private String serverPrefix() {
        return server + ResourceManager.SEPARATOR;
    }
}
