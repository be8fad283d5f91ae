package org.milena.broker.log;

import java.util.Map;

/** An exception that knows which records of the batch were bad (KIP-467). */
public interface RecordErrors {

    /** Index of the record within its batch → what is wrong with it. */
    Map<Integer, String> recordErrors();
}
