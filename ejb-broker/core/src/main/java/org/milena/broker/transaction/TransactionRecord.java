package org.milena.broker.transaction;

import org.milena.broker.coordinator.CoordinatorRecord;

/** A record of {@code __transaction_state}. A null value is a tombstone: the id has expired. */
public record TransactionRecord(String transactionalId, TransactionMetadata value) implements CoordinatorRecord {

    @Override
    public byte[] encodeKey() {
        return TransactionLogCodec.encodeKey(transactionalId);
    }

    @Override
    public byte[] encodeValue() {
        return value == null ? null : TransactionLogCodec.encodeValue(value);
    }

    @Override
    public String scope() {
        return transactionalId;
    }
}
