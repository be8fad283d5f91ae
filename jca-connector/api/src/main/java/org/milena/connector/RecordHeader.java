package org.milena.connector;

import java.util.Objects;

/** A header of a record. Keys need not be unique, their order is kept. The value may be null; the array is not copied. */
public record RecordHeader(String key, byte[] value) {

    public RecordHeader {
        Objects.requireNonNull(key, "the header's key");
    }
}
