package org.milena.connector;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Of many records not all were sent. The message and the cause tell of the first that was not. */
public class BatchSendException extends MilenaException {

    private static final long serialVersionUID = 1L;

    private final ArrayList<RecordMetadata> results;

    /** @param results for each record that was to be sent, in their order: where it is, or null */
    public BatchSendException(String message, MilenaException first, List<RecordMetadata> results) {
        super(message, first.getErrorCode(), first.isOutcomeUnknown(), first);
        this.results = new ArrayList<>(results);
    }

    /** For each record in the order of the call: where it is, or null when it was not sent. */
    public List<RecordMetadata> results() {
        return Collections.unmodifiableList(results);
    }
}
