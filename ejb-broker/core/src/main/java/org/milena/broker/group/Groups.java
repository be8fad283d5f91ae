package org.milena.broker.group;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** The groups of one shard. Used on its executor only. */
public final class Groups {

    private final Map<String, Group> byId = new HashMap<>();

    /** Null when there is none. */
    public Group get(String groupId) {
        return byId.get(groupId);
    }

    /** Replaces whatever group had the id. */
    public void put(Group group) {
        byId.put(group.groupId(), group);
    }

    /** Removes this very group; one that has replaced it meanwhile stays. */
    public void remove(Group group) {
        byId.remove(group.groupId(), group);
    }

    /** Live view. */
    public Collection<Group> all() {
        return byId.values();
    }
}
