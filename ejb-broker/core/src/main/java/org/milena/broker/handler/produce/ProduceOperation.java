package org.milena.broker.handler.produce;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.BatchIndexAndErrorMessage;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.network.RequestContext;

/**
 * A produce request in work: counts the partitions that are not committed yet and answers when there are none.
 * Each partition's answer is written by one thread before it counts down, and read after the last one did.
 */
final class ProduceOperation {

    /** With every other error a producer is told where the log starts: it tells a lost sequence from one that retention took. */
    private static final Set<Errors> NOTHING_TO_SAY_OF_THE_LOG = EnumSet.of(Errors.MESSAGE_TOO_LARGE, Errors.RECORD_LIST_TOO_LARGE,
            Errors.CORRUPT_MESSAGE, Errors.KAFKA_STORAGE_ERROR);

    private final RequestContext context;
    private final short acks;
    private final ProduceResponseData response = new ProduceResponseData();
    private final AtomicInteger pending = new AtomicInteger(1);
    private volatile boolean anyFailed;

    ProduceOperation(RequestContext context, short acks) {
        this.context = context;
        this.acks = acks;
    }

    short acks() {
        return acks;
    }

    short version() {
        return context.apiVersion();
    }

    RequestContext context() {
        return context;
    }

    ProduceResponseData response() {
        return response;
    }

    void begin() {
        pending.incrementAndGet();
    }

    void failed(PartitionProduceResponse answer, Throwable error) {
        anyFailed = true;
        Errors code = Errors.forException(error);
        answer.setErrorCode(code.code()).setBaseOffset(-1).setLogAppendTimeMs(-1);
        if (NOTHING_TO_SAY_OF_THE_LOG.contains(code)) {
            answer.setLogStartOffset(-1);
        }
        if (code != Errors.UNKNOWN_SERVER_ERROR) {
            answer.setErrorMessage(error.getMessage());
        }
        answer.setRecordErrors(recordErrors(error));
    }

    private static List<BatchIndexAndErrorMessage> recordErrors(Throwable error) {
        List<BatchIndexAndErrorMessage> errors = new ArrayList<>();
        if (error instanceof org.milena.broker.log.RecordErrors bad) {
            bad.recordErrors().forEach((index, text) ->
                    errors.add(new BatchIndexAndErrorMessage().setBatchIndex(index).setBatchIndexErrorMessage(text)));
        }
        return errors;
    }

    /** One part is done; the last one answers. */
    void done() {
        if (pending.decrementAndGet() > 0) {
            return;
        }
        if (acks != 0) {
            context.reply(response);
        } else if (anyFailed) {
            context.closeConnection(); // all the protocol has for a client that wants no answer
        } else {
            context.noReply();
        }
    }
}
