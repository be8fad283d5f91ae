package org.milena.broker.group.record;

import java.util.List;

/**
 * A classic group's generation as it is kept in the log; all that survives a restart.
 *
 * @param protocolType          {@code consumer}, {@code connect}…, or "" for a group without members that never had one
 * @param protocol              the chosen protocol, or null
 * @param leader                member id, or null
 * @param currentStateTimestamp milliseconds, or -1 when unknown: when the group became what it is
 */
public record GroupMetadataValue(String protocolType, int generation, String protocol, String leader, long currentStateTimestamp,
                                 List<Member> members) implements GroupValue {

    public GroupMetadataValue {
        members = List.copyOf(members);
    }

    /**
     * @param groupInstanceId null for a dynamic member
     * @param subscription    the member's metadata for the chosen protocol
     */
    public record Member(String memberId, String groupInstanceId, String clientId, String clientHost, int rebalanceTimeout,
                         int sessionTimeout, Bytes subscription, Bytes assignment) {
    }
}
