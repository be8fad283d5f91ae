package org.milena.connector.client;

import java.util.List;
import java.util.Objects;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData.DescribedGroup;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/**
 * Members of a group that a run of this server left there when it was killed: they are signed off, so that their partitions need not wait until their
 * sessions are over. A dynamic one leaves; of static ones only that with this member's instance id, whose place this member takes then without a rebalance.
 */
final class FormerMembers {

    private static final System.Logger LOG = System.getLogger(FormerMembers.class.getName());

    private final GroupCoordinator coordinator;
    private final ConsumerConfig config;
    private boolean over;

    FormerMembers(GroupCoordinator coordinator, ConsumerConfig config) {
        this.coordinator = coordinator;
        this.config = config;
        this.over = config.process() == null;
    }

    /**
     * Does nothing once it has succeeded, or was refused: then their sessions end by themselves.
     *
     * @throws ClientException the coordinator can't be asked now; before joining, ask again
     */
    void signOff(Deadline deadline) throws ClientException {
        if (over) {
            return;
        }
        try {
            for (ConsumerGroupDescribeResponseData.Member member : members(deadline)) {
                if (config.process().succeeds(member.memberId()) && Objects.equals(member.instanceId(), config.groupInstanceId())) {
                    signOff(member, deadline);
                }
            }
        } catch (ClientException e) {
            if (e.retriable()) {
                throw e;
            }
            LOG.log(System.Logger.Level.DEBUG, "Members that a former run of this server left in group " + config.groupId() + " were not signed off", e);
        }
        over = true;
    }

    private List<ConsumerGroupDescribeResponseData.Member> members(Deadline deadline) throws ClientException {
        ConsumerGroupDescribeRequestData request = new ConsumerGroupDescribeRequestData().setGroupIds(List.of(config.groupId()));
        ConsumerGroupDescribeResponseData answer = (ConsumerGroupDescribeResponseData) coordinator.ask(ApiKeys.CONSUMER_GROUP_DESCRIBE, 0, 1, request, deadline);
        DescribedGroup group = answer.groups().get(0);
        coordinator.check(Errors.forCode(group.errorCode()), "The members of group " + config.groupId(), group.errorMessage());
        return group.members();
    }

    private void signOff(ConsumerGroupDescribeResponseData.Member member, Deadline deadline) throws ClientException {
        ConsumerGroupHeartbeatRequestData request = Membership.leaving(config.groupId(), member.memberId(), member.instanceId());
        ConsumerGroupHeartbeatResponseData answer = (ConsumerGroupHeartbeatResponseData) coordinator.ask(ApiKeys.CONSUMER_GROUP_HEARTBEAT, 1, 1, request, deadline);
        coordinator.check(Errors.forCode(answer.errorCode()), "Signing off " + member.memberId(), answer.errorMessage());
        LOG.log(System.Logger.Level.INFO, "Member {0} of group {1}, which a former run of this server has left, was signed off", member.memberId(), config.groupId());
    }
}
