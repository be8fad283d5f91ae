package org.milena.connector.ra;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.milena.connector.DeadLetter;
import org.milena.connector.OutboundRecord;
import org.milena.connector.client.ClientException;
import org.milena.connector.client.ConsumedRecord;
import org.milena.connector.client.GroupMember;
import org.milena.connector.client.GroupOffset;
import org.milena.connector.client.Transaction;

/** Writes records that can't be delivered to their dead-letter topics, each in one Kafka transaction with the group's offset behind it. Thread-safe. */
final class DeadLetters {

    private final InboundConfig config;
    private final Transaction transaction;

    DeadLetters(InboundConfig config, Transaction transaction) {
        this.config = config;
        this.transaction = transaction;
    }

    String topic(ConsumedRecord record) {
        return config.deadLetterTopic(record.topic());
    }

    /**
     * @param attempts how often it was delivered
     * @param cause    null: nobody knows, the server died with it
     * @throws ClientException it is not there, or ({@link ClientException#outcomeUnknown()}) nobody knows
     */
    synchronized void write(ConsumedRecord record, int attempts, Throwable cause, GroupMember member, GroupOffset next) throws ClientException {
        try {
            transaction.send(List.of(letter(record, attempts, cause)));
            transaction.sendOffsets(member, Map.of(new TopicPartition(record.topic(), record.partition()), next));
        } catch (ClientException e) {
            transaction.rollback();
            throw e;
        }
        transaction.commit();
    }

    private OutboundRecord letter(ConsumedRecord record, int attempts, Throwable cause) {
        OutboundRecord letter = OutboundRecord.to(topic(record)).key(record.key()).value(record.value());
        if (record.timestamp() >= 0) {
            letter.timestamp(record.timestamp());
        }
        record.headers().forEach(header -> letter.header(header.key(), header.value()));
        letter.header(DeadLetter.TOPIC, record.topic()).header(DeadLetter.PARTITION, Integer.toString(record.partition()))
                .header(DeadLetter.OFFSET, Long.toString(record.offset())).header(DeadLetter.TIMESTAMP, Long.toString(record.timestamp()))
                .header(DeadLetter.GROUP, config.consumer().groupId()).header(DeadLetter.ATTEMPTS, Integer.toString(attempts));
        if (cause != null) {
            letter.header(DeadLetter.CAUSE, cause.getClass().getName()).header(DeadLetter.CAUSE_MESSAGE, message(cause));
        }
        return letter;
    }

    /** The messages of the causes, without those that repeat what another says. */
    static String message(Throwable cause) {
        StringBuilder text = new StringBuilder();
        for (Throwable t = cause; t != null; t = t.getCause()) {
            if (t.getMessage() != null && text.indexOf(t.getMessage()) < 0) {
                text.append(text.isEmpty() ? "" : "; ").append(t.getMessage());
            }
        }
        return text.isEmpty() ? cause.getClass().getName() : text.toString();
    }
}
