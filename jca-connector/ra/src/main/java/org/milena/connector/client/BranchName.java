package org.milena.connector.client;

/**
 * What the broker knows a branch by; all of it must fit.
 *
 * @param producerEpoch of the branch's records
 */
record BranchName(String transactionalId, long producerId, short producerEpoch, BranchXid xid) {

    @Override
    public String toString() {
        return xid + " (transactional id " + transactionalId + ")";
    }
}
