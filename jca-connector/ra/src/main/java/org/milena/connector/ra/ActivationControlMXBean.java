package org.milena.connector.ra;

/** Management of one message-driven bean's deliveries. */
public interface ActivationControlMXBean {

    String getGroupId();

    /** Whether the broker knows this member of the group. */
    boolean isMember();

    /** How many partitions are this member's. */
    int getPartitions();

    boolean isPaused();

    /** Nothing more is delivered, what is being delivered is finished; the partitions stay this member's. */
    void pause();

    void resume();
}
