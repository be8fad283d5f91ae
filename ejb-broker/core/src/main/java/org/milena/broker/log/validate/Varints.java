package org.milena.broker.log.validate;

import org.apache.kafka.common.InvalidRecordException;

/** What the walkers share of reading variable-length integers. */
final class Varints {

    private Varints() {
    }

    static int zigzag(int raw) {
        return (raw >>> 1) ^ -(raw & 1);
    }

    static long zigzag(long raw) {
        return (raw >>> 1) ^ -(raw & 1);
    }

    static InvalidRecordException tooLong() {
        return new InvalidRecordException("Found invalid record structure: a variable-length integer is too long");
    }
}
