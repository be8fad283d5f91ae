package org.milena.broker.topic;

import java.util.List;
import java.util.Map;
import org.milena.broker.config.TopicKeys;

/**
 * When the settings of a topic that was found without them count as known: once every key by which its records could be deleted
 * is the topic's own. A default would delete what nobody has allowed to be deleted; of the two limits of retention either deletes
 * without the other, so one of them is not enough. Whoever wants a default sets the key to it.
 */
public final class UnknownSettings {

    /** For humans. */
    public static final String WANTED = "cleanup.policy, and where that includes delete also retention.ms and retention.bytes";

    private static final String POLICY = "cleanup.policy";

    private UnknownSettings() {
    }

    /** @param own the topic's own settings, valid ones */
    static boolean known(Map<String, String> own) {
        String policy = own.get(POLICY);
        if (policy == null) {
            return false;
        }
        boolean deletes = ((List<?>) TopicKeys.KEYS.get(POLICY).parse(policy)).contains("delete");
        return !deletes || own.containsKey("retention.ms") && own.containsKey("retention.bytes");
    }
}
