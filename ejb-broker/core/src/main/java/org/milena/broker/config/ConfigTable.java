package org.milena.broker.config;

import java.util.Map;

/** The tables of {@code docs/configuration.md}, made from the definitions. */
public final class ConfigTable {

    public static final String BEGIN = "<!-- generated from the definitions: begin -->";
    public static final String END = "<!-- generated from the definitions: end -->";

    private ConfigTable() {
    }

    /** Markdown, between {@link #BEGIN} and {@link #END}. */
    public static String markdown() {
        StringBuilder text = new StringBuilder(BEGIN).append('\n');
        section(text, "Broker", BrokerKeys.KEYS);
        section(text, "Topic", TopicKeys.KEYS);
        section(text, "Consumer group", GroupKeys.KEYS);
        return text.append('\n').append(END).toString();
    }

    private static void section(StringBuilder text, String title, ConfigKeys keys) {
        text.append("\n## ").append(title).append(" keys\n\n");
        text.append("| key | type | default | unit | allowed | acts without restart | what it does |\n");
        text.append("|---|---|---|---|---|---|---|\n");
        for (Map.Entry<String, ConfigKey> entry : keys.all().entrySet()) {
            ConfigKey key = entry.getValue();
            text.append("| `").append(key.name()).append("` | ").append(key.type().name().toLowerCase(java.util.Locale.ROOT))
                    .append(" | ").append(defaultText(key)).append(" | ").append(key.unit()).append(" | ").append(cell(key.allowed()))
                    .append(" | ").append(acts(key)).append(" | ").append(cell(key.documentation())).append(" |\n");
        }
    }

    private static String defaultText(ConfigKey key) {
        if (key.scope() != ConfigKey.Scope.BROKER) {
            return "`" + key.synonyms().get(0) + "`";
        }
        return key.defaultValue() == null ? "" : "`" + key.defaultValue() + "`";
    }

    private static String acts(ConfigKey key) {
        return switch (key.update()) {
            case READ_ONLY -> "no";
            case PER_BROKER -> "yes, per broker";
            case CLUSTER_WIDE -> key.scope() == ConfigKey.Scope.BROKER ? "yes, per broker or cluster-wide" : "yes";
        };
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("\n", " ");
    }
}
