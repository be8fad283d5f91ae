package org.milena.broker.transaction;

import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * A branch that waits for its transaction manager.
 *
 * @param partitions those it holds back, as long as it is in doubt or its markers are not written
 */
public record RecoveredBranch(String transactionalId, Branch branch, Set<TopicPartition> partitions) {

    /** To decide or forget it. */
    public BranchRequest request() {
        return new BranchRequest(transactionalId, branch.producerId(), (short) (branch.decisionEpoch() - 1), branch.xid(), branch.resourceManager());
    }
}
