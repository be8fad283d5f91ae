package org.milena.connector.ra;

import java.util.Locale;
import org.milena.connector.client.Endpoint;

/**
 * What a server says for its beans and connection factories that say nothing themselves, so that an application runs unchanged beside the broker and far
 * from it: by system properties, or environment variables of the same name in capitals, with underscores.
 */
final class ServerDefaults {

    static final String BOOTSTRAP_SERVERS = "milena.connector.bootstrap.servers";
    static final String SERVER_NAME = "milena.connector.server.name";

    private ServerDefaults() {
    }

    /**
     * @param own what the bean or factory says, or null
     * @return null: the broker in this server
     * @throws IllegalArgumentException naming what is wrong
     */
    static String bootstrapServers(String own) {
        String servers = own == null ? value(BOOTSTRAP_SERVERS) : own;
        if (servers != null) {
            try {
                Endpoint.parse(servers);
            } catch (IllegalArgumentException e) {
                throw own != null ? e : new IllegalArgumentException(e.getMessage().replaceFirst("bootstrapServers", BOOTSTRAP_SERVERS), e);
            }
        }
        return servers;
    }

    /** What the server is to be called in branches and groups, or null. @throws IllegalArgumentException naming what it may be */
    static String serverName() {
        String name = value(SERVER_NAME);
        ResourceManagers.check(SERVER_NAME, name);
        return name;
    }

    private static String value(String key) {
        String property = System.getProperty(key);
        String value = property == null ? System.getenv(key.replace('.', '_').toUpperCase(Locale.ROOT)) : property;
        return value == null || value.isBlank() ? null : value.strip();
    }
}
