package org.milena.connector.client;

/** Under whose name a {@link Delivery} sends. */
interface BatchOwner {

    Partitioner partitioner();

    /** Null outside of a transaction. */
    String transactionalId();

    /** The producer id to send under now; asks the broker where there is none. */
    ProducerIdentity identity(Deadline deadline) throws ClientException;

    /**
     * The broker does not know the present identity, or nobody knows what the broker has of it.
     *
     * @return true when the next batch is sent under a new one; false when nothing more can be sent
     */
    boolean renewIdentity();
}
