package org.milena.broker.transaction;

/**
 * Names one branch, exactly (rules 16).
 *
 * @param producerEpoch   of the branch's records
 * @param resourceManager see {@link Branch#resourceManager}
 */
public record BranchRequest(String transactionalId, long producerId, short producerEpoch, BranchId xid, String resourceManager) {
}
