package org.milena.broker.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigException;

/**
 * One listener's address.
 *
 * @param name the listener's name, in upper case
 * @param host "" for every address
 */
public record Endpoint(String name, String host, int port) {

    private static final Pattern FORM = Pattern.compile("([A-Za-z0-9_.-]+)://(?:\\[([0-9A-Fa-f:.%]+)]|([^/:\\[\\]]*)):(\\d{1,5})");
    private static final Set<String> LATER = Set.of("SSL", "SASL_PLAINTEXT", "SASL_SSL");

    /** True when it listens on every address of the host. */
    public boolean wildcard() {
        return host.isEmpty() || host.equals("0.0.0.0") || host.equals("::");
    }

    @Override
    public String toString() {
        return name + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    /**
     * Parses {@code listeners} or {@code advertised.listeners}.
     *
     * @throws ConfigException with key, value and what is allowed
     */
    static List<Endpoint> parse(String key, List<String> texts) {
        List<Endpoint> result = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Set<Integer> ports = new HashSet<>();
        for (String text : texts) {
            Endpoint endpoint = parse(key, text);
            if (!names.add(endpoint.name)) {
                throw new ConfigException(key, String.join(",", texts), "Each listener must have a different name");
            }
            if (key.equals("listeners") && endpoint.port != 0 && !ports.add(endpoint.port)) {
                throw new ConfigException(key, String.join(",", texts), "Each listener must have a different port");
            }
            result.add(endpoint);
        }
        if (result.isEmpty()) {
            throw new ConfigException(key, "", "At least one listener is needed, as PLAINTEXT://host:port");
        }
        return List.copyOf(result);
    }

    private static Endpoint parse(String key, String text) {
        Matcher matcher = FORM.matcher(text.trim());
        if (!matcher.matches()) {
            throw new ConfigException(key, text, "A listener is written name://host:port, for example PLAINTEXT://:9092");
        }
        String name = matcher.group(1).toUpperCase(java.util.Locale.ROOT);
        int port = Integer.parseInt(matcher.group(4));
        if (port > 65535) {
            throw new ConfigException(key, text, "The port must be between 0 and 65535");
        }
        if (LATER.contains(name)) {
            throw new ConfigException(key, text, "Only PLAINTEXT listeners are supported by this version");
        }
        if (!name.equals("PLAINTEXT")) {
            throw new ConfigException(key, text, "No security protocol is known for listener " + name
                    + "; only PLAINTEXT listeners are supported by this version");
        }
        return new Endpoint(name, matcher.group(2) != null ? matcher.group(2) : matcher.group(3), port);
    }
}
