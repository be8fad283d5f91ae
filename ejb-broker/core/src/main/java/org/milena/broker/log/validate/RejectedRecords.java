package org.milena.broker.log.validate;

import java.util.Map;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.milena.broker.log.RecordErrors;

/** What refuses a batch because of some of its records (KIP-467). */
final class RejectedRecords {
    /** A batch of nothing but faults must not become a huge answer: the first so many are named. */
    static final int LIMIT = 1000;

    private RejectedRecords() {
    }

    /** INVALID_RECORD with the records at fault. */
    static final class Invalid extends InvalidRecordException implements RecordErrors {
        private final transient Map<Integer, String> errors;

        Invalid(String message, Map<Integer, String> errors) {
            super(message);
            this.errors = errors;
        }

        @Override
        public Map<Integer, String> recordErrors() {
            return errors;
        }
    }

    /** INVALID_TIMESTAMP with the records at fault. */
    static final class Timestamps extends InvalidTimestampException implements RecordErrors {
        private final transient Map<Integer, String> errors;

        Timestamps(String message, Map<Integer, String> errors) {
            super(message);
            this.errors = errors;
        }

        @Override
        public Map<Integer, String> recordErrors() {
            return errors;
        }
    }
}
