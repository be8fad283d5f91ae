package org.milena.connector.client;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.protocol.types.ArrayOf;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.Struct;
import org.apache.kafka.common.protocol.types.Type;

/**
 * The bytes of Milena's private request about XA branches, key {@value #KEY}, version 0. The broker has the same schema; connectors and brokers of
 * different versions meet, so it never changes but by a new version.
 */
final class BranchMessages {

    static final short KEY = 30_000;

    /** What is asked, by its number. */
    enum Action { PREPARE, COMMIT, COMMIT_ONE_PHASE, ROLLBACK, FORGET, RECOVER }

    /**
     * Of one branch.
     *
     * @param code XA_OK or that of an XAException
     */
    record Answer(int code, BranchName branch) {
    }

    /**
     * @param code     XA_OK, or why nothing can be said of any branch
     * @param branches those of the request, in its order; for recover, what was found
     */
    record Response(int code, List<Answer> branches) {
    }

    private static final Field ACTION = new Field("action", Type.INT8);
    private static final Field RESOURCE_MANAGER = new Field("resource_manager", Type.STRING);
    private static final Field TRANSACTIONAL_ID = new Field("transactional_id", Type.STRING);
    private static final Field PRODUCER_ID = new Field("producer_id", Type.INT64);
    private static final Field PRODUCER_EPOCH = new Field("producer_epoch", Type.INT16);
    private static final Field FORMAT_ID = new Field("format_id", Type.INT32);
    private static final Field GLOBAL_ID = new Field("global_id", Type.BYTES);
    private static final Field QUALIFIER = new Field("qualifier", Type.BYTES);
    private static final Field CODE = new Field("xa_code", Type.INT32);
    private static final Field PREPARED_TIME = new Field("prepared_time_ms", Type.INT64);
    private static final Field OUTCOME = new Field("outcome", Type.INT8);

    private static final Field TOPIC_ID = new Field("topic_id", Type.UUID);
    private static final Field TOPIC = new Field("topic", Type.STRING);
    private static final Field PARTITION = new Field("partition", Type.INT32);
    private static final Field LAST_SEQUENCE = new Field("last_sequence", Type.INT32);
    private static final Field GROUP = new Field("group", Type.STRING);
    private static final Field OFFSET = new Field("offset", Type.INT64);
    private static final Field RECORDS = new Field("records", new ArrayOf(new Schema(TOPIC_ID, PARTITION, LAST_SEQUENCE)));
    private static final Field OFFSETS = new Field("offsets", new ArrayOf(new Schema(GROUP, TOPIC, PARTITION, OFFSET)));

    private static final Schema BRANCH = new Schema(TRANSACTIONAL_ID, PRODUCER_ID, PRODUCER_EPOCH, FORMAT_ID, GLOBAL_ID, QUALIFIER, RECORDS, OFFSETS);
    private static final Schema ANSWER = new Schema(CODE, TRANSACTIONAL_ID, PRODUCER_ID, PRODUCER_EPOCH, FORMAT_ID, GLOBAL_ID, QUALIFIER,
            PREPARED_TIME, OUTCOME);
    private static final Field BRANCHES = new Field("branches", new ArrayOf(BRANCH));
    private static final Field ANSWERS = new Field("branches", new ArrayOf(ANSWER));

    static final Schema REQUEST = new Schema(ACTION, RESOURCE_MANAGER, BRANCHES);
    static final Schema RESPONSE = new Schema(CODE, ANSWERS);

    private BranchMessages() {
    }

    /** About no branch, or one of which nothing need be there. */
    static ByteBuffer request(Action action, String resourceManager, BranchName... branch) {
        return request(action, resourceManager, List.of(branch), BranchContents.NONE);
    }

    /** @param acknowledged all that the branch is to hold, for prepare and commit in one phase */
    static ByteBuffer request(Action action, String resourceManager, BranchName branch, BranchContents acknowledged) {
        return request(action, resourceManager, List.of(branch), acknowledged);
    }

    private static ByteBuffer request(Action action, String resourceManager, List<BranchName> branches, BranchContents acknowledged) {
        Struct request = new Struct(REQUEST).set(ACTION.name, (byte) action.ordinal()).set(RESOURCE_MANAGER.name, resourceManager);
        request.set(BRANCHES.name, branches.stream().map(branch -> fill(request.instance(BRANCHES.name).set(TRANSACTIONAL_ID.name, branch.transactionalId())
                .set(PRODUCER_ID.name, branch.producerId()).set(PRODUCER_EPOCH.name, branch.producerEpoch())
                .set(FORMAT_ID.name, branch.xid().getFormatId()).set(GLOBAL_ID.name, ByteBuffer.wrap(branch.xid().getGlobalTransactionId()))
                .set(QUALIFIER.name, ByteBuffer.wrap(branch.xid().getBranchQualifier())), acknowledged)).toArray());
        ByteBuffer bytes = ByteBuffer.allocate(request.sizeOf());
        request.writeTo(bytes);
        return bytes.flip();
    }

    private static Struct fill(Struct branch, BranchContents acknowledged) {
        return branch.set(RECORDS.name, acknowledged.records().stream().map(each -> branch.instance(RECORDS.name).set(TOPIC_ID.name, each.topicId())
                        .set(PARTITION.name, each.partition()).set(LAST_SEQUENCE.name, each.lastSequence())).toArray())
                .set(OFFSETS.name, acknowledged.offsets().stream().map(each -> branch.instance(OFFSETS.name).set(GROUP.name, each.groupId())
                        .set(TOPIC.name, each.partition().topic()).set(PARTITION.name, each.partition().partition())
                        .set(OFFSET.name, each.offset())).toArray());
    }

    /** @throws RuntimeException these are other bytes */
    static Response response(ByteBuffer bytes) {
        Struct response = RESPONSE.read(bytes);
        List<Answer> answers = new ArrayList<>();
        for (Object each : response.getArray(ANSWERS.name)) {
            Struct answer = (Struct) each;
            BranchXid xid = new BranchXid(answer.getInt(FORMAT_ID.name), bytes(answer, GLOBAL_ID), bytes(answer, QUALIFIER));
            answers.add(new Answer(answer.getInt(CODE.name), new BranchName(answer.getString(TRANSACTIONAL_ID.name), answer.getLong(PRODUCER_ID.name),
                    answer.getShort(PRODUCER_EPOCH.name), xid)));
        }
        return new Response(response.getInt(CODE.name), answers);
    }

    private static byte[] bytes(Struct struct, Field field) {
        ByteBuffer buffer = struct.getBytes(field.name).duplicate();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
