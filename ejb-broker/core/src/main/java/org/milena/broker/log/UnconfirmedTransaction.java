package org.milena.broker.log;

/**
 * A transaction that was open in a partition when its log was loaded, and of which the coordinator has said nothing since.
 *
 * @param producerEpoch    of its records
 * @param coordinatorEpoch of the producer's last marker there; -1: there is none
 */
public record UnconfirmedTransaction(long producerId, short producerEpoch, int coordinatorEpoch) {
}
