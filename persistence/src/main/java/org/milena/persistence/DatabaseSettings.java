package org.milena.persistence;

import java.nio.file.Path;

/**
 * Which database holds the metadata.
 *
 * @param url      a JDBC URL of H2 or PostgreSQL; null when {@code jndiName} is given
 * @param user     may be null
 * @param password may be null
 * @param jndiName a data source of the server; null when {@code url} is given
 */
public record DatabaseSettings(String url, String user, String password, String jndiName) {

    /** An H2 file that this process owns; {@code file} is without H2's {@code .mv.db}. */
    public static DatabaseSettings h2File(Path file) {
        return new DatabaseSettings("jdbc:h2:file:" + file.toAbsolutePath(), "milena", "", null);
    }

    public static DatabaseSettings url(String url, String user, String password) {
        return new DatabaseSettings(url, user, password, null);
    }

    public static DatabaseSettings jndi(String name) {
        return new DatabaseSettings(null, null, null, name);
    }

    /** For messages: never shows the password. */
    @Override
    public String toString() {
        return jndiName != null ? "data source " + jndiName : url.replaceAll("(?i)(password=)[^&;]*", "$1***");
    }
}
