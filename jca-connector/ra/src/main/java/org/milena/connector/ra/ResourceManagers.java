package org.milena.connector.ra;

import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.Uuid;
import org.milena.connector.client.ResourceManager;
import org.milena.connector.client.ServerProcess;

/**
 * The resource managers of this deployment of the adapter: one for each broker and name, so that all its connections, whichever factory made them,
 * can work in one branch of a transaction.
 */
final class ResourceManagers {

    private record Key(String bootstrapServers, String name) {
    }

    private static final Map<Key, ResourceManager> ALL = new ConcurrentHashMap<>();

    /** It begins each transactional id, which the broker keeps in a text of 32767 bytes; and logs. */
    private static final int MAX_NAME = 200;

    /** This run of the server: all deployments agree on it, and no run before or after has the same. */
    private static final String PROCESS = Long.toString(ManagementFactory.getRuntimeMXBean().getStartTime(), Character.MAX_RADIX) + "."
            + ProcessHandle.current().pid();

    /** What WildFly's transaction manager is called unless somebody names it: the same everywhere. */
    private static final String UNNAMED = "1";

    private static volatile String nodeIdentifier;

    private ResourceManagers() {
    }

    /** Told once, before anything else. @param transactionManager its {@code node-identifier}; null: it is none of WildFly's */
    static void serverIsWildFly(String transactionManager) {
        nodeIdentifier = transactionManager;
    }

    /** @param bootstrapServers null: the broker in this server */
    static ResourceManager of(String bootstrapServers, String name) {
        return ALL.computeIfAbsent(new Key(bootstrapServers == null ? "" : bootstrapServers, name),
                key -> new ResourceManager(process(name), Uuid.randomUuid().toString()));
    }

    /** @param name of this server */
    static ServerProcess process(String name) {
        return new ServerProcess(name, PROCESS);
    }

    /** @param key what it was set by @throws IllegalArgumentException naming what it may be */
    static void check(String key, String name) {
        if (name != null && (name.contains(ResourceManager.SEPARATOR) || name.length() > MAX_NAME)) {
            throw new IllegalArgumentException(key + " must be of at most " + MAX_NAME + " characters without " + ResourceManager.SEPARATOR
                    + ", not \"" + name + "\"");
        }
    }

    /**
     * What this server is called, where it says so; else null. By its transaction manager's name where it has one: what that remembers after a crash is
     * looked for under this name, also where the host is called otherwise by then, as a new container is.
     *
     * @param remote for a broker that other servers use, too: then it must not be one that they all have, unless somebody chose it
     * @throws IllegalArgumentException somebody chose one that can't be
     */
    static String nameOfThisServer(boolean remote) {
        String chosen = ServerDefaults.serverName();
        if (chosen != null) {
            return chosen;
        }
        String name = nodeIdentifier;
        if (name != null && !(remote && name.equals(UNNAMED))) {
            return name;
        }
        String wildFly = System.getProperty("jboss.tx.node.id", System.getProperty("jboss.node.name"));
        String payara = System.getProperty("com.sun.aas.instanceName");
        String server = wildFly != null ? wildFly : payara == null || !remote ? payara : payara + "@" + System.getProperty("com.sun.aas.hostName", "localhost");
        return remote && server != null && server.endsWith("localhost") ? null : server;
    }
}
