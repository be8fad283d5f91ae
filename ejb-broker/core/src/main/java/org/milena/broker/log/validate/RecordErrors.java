package org.milena.broker.log.validate;

import java.util.List;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.requests.ProduceResponse.RecordError;

/**
 * Carried by an exception that refuses a batch because of some of its records (KIP-467). A produce handler copies the
 * list and the exception's message into the answer; the error code is {@code Errors.forException} as always.
 */
public interface RecordErrors {
    /** The records at fault in batch order, at most {@link #LIMIT} of them: a batch of nothing but faults must not become a huge answer. */
    List<RecordError> recordErrors();

    int LIMIT = 1000;

    /** INVALID_RECORD with the records at fault. */
    final class InvalidRecords extends InvalidRecordException implements RecordErrors {
        private final transient List<RecordError> errors;

        InvalidRecords(String message, List<RecordError> errors) {
            super(message);
            this.errors = List.copyOf(errors);
        }

        @Override
        public List<RecordError> recordErrors() {
            return errors;
        }
    }

    /** INVALID_TIMESTAMP with the records at fault. */
    final class InvalidTimestamps extends InvalidTimestampException implements RecordErrors {
        private final transient List<RecordError> errors;

        InvalidTimestamps(String message, List<RecordError> errors) {
            super(message);
            this.errors = List.copyOf(errors);
        }

        @Override
        public List<RecordError> recordErrors() {
            return errors;
        }
    }
}
