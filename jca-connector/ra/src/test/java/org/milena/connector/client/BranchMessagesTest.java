package org.milena.connector.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import javax.transaction.xa.XAException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.types.Struct;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.milena.broker.transaction.BranchContent;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;

/** The connector and the broker have a schema each, and mean the same bytes. */
class BranchMessagesTest {

    private static final BranchXid XID = new BranchXid(131_077, new byte[] {1, 2}, new byte[] {3});
    private static final BranchXid BARE = new BranchXid(0, new byte[] {9}, new byte[0]);

    @ParameterizedTest
    @EnumSource
    void requestsAreTheBrokersBytes(org.milena.broker.handler.transaction.BranchMessages.Action action) {
        Struct brokers = org.milena.broker.handler.transaction.BranchMessages.request(action, "crm", asked("id", 5, (short) 7, XID), asked("id2", -1, (short) 0, BARE));
        ByteBuffer bytes = ByteBuffer.allocate(brokers.sizeOf());
        brokers.writeTo(bytes);
        assertThat(BranchMessages.request(BranchMessages.Action.valueOf(action.name()), "crm", new BranchName("id", 5, (short) 7, XID),
                new BranchName("id2", -1, (short) 0, BARE))).isEqualTo(bytes.flip());
        assertThat(BranchMessages.KEY).isEqualTo(org.milena.broker.handler.transaction.BranchMessages.KEY);
    }

    @Test
    void whatWasAcknowledgedIsSaidInTheBrokersBytes() {
        Uuid topic = Uuid.randomUuid();
        TopicPartition t3 = new TopicPartition("t", 3);
        Struct brokers = org.milena.broker.handler.transaction.BranchMessages.request(org.milena.broker.handler.transaction.BranchMessages.Action.PREPARE, "crm",
                List.of(asked("id", 5, (short) 7, XID)), Set.of(new BranchContent.Records(topic, 2, 41), new BranchContent.Offset("g", t3, 9)));
        ByteBuffer bytes = ByteBuffer.allocate(brokers.sizeOf());
        brokers.writeTo(bytes);
        assertThat(BranchMessages.request(BranchMessages.Action.PREPARE, "crm", new BranchName("id", 5, (short) 7, XID), new BranchContents(
                List.of(new BranchContents.Records(topic, 2, 41)), List.of(new BranchContents.Offset("g", t3, 9))))).isEqualTo(bytes.flip());
    }

    private static BranchRequest asked(String id, long producerId, short epoch, BranchXid xid) {
        return new BranchRequest(id, producerId, epoch, new BranchId(xid.getFormatId(), xid.getGlobalTransactionId(), xid.getBranchQualifier()), "crm");
    }

    @Test
    void answersAreReadAsTheBrokerWritesThem() {
        Struct response = new Struct(org.milena.broker.handler.transaction.BranchMessages.RESPONSE).set("xa_code", 0);
        Struct branch = response.instance("branches").set("xa_code", XAException.XA_HEURCOM).set("transactional_id", "id").set("producer_id", 5L)
                .set("producer_epoch", (short) 7).set("format_id", 131_077).set("global_id", ByteBuffer.wrap(new byte[] {1, 2}))
                .set("qualifier", ByteBuffer.wrap(new byte[] {3})).set("prepared_time_ms", 1L).set("outcome", (byte) 1);
        response.set("branches", new Object[] {branch});
        ByteBuffer bytes = ByteBuffer.allocate(response.sizeOf());
        response.writeTo(bytes);
        BranchMessages.Response read = BranchMessages.response(bytes.flip());
        assertThat(read.code()).isZero();
        assertThat(read.branches()).containsExactly(new BranchMessages.Answer(XAException.XA_HEURCOM, new BranchName("id", 5, (short) 7, XID)));
        assertThat(bytes.hasRemaining()).isFalse();
    }
}
