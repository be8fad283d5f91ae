package org.milena.connector.client;

/**
 * Who commits offsets of a group: the group's coordinator refuses those of a member that it does not know (any more).
 *
 * @param memberId        {@code member.id}, or "" for nobody
 * @param generation      {@code generation.id} of the classic protocol, the member epoch of KIP-848; -1 for nobody
 * @param groupInstanceId {@code group.instance.id} of a static member, or null
 */
public record GroupMember(String groupId, String memberId, int generation, String groupInstanceId) {

    /** Without a membership to check. */
    public static GroupMember none(String groupId) {
        return new GroupMember(groupId, "", -1, null);
    }
}
