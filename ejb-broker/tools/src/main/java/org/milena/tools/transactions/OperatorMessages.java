package org.milena.tools.transactions;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.protocol.types.ArrayOf;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.Struct;
import org.apache.kafka.common.protocol.types.Type;

/**
 * The bytes of an operator's private request about XA branches, key {@value #KEY}, version 0. The broker has the same schema; tools and brokers of
 * different versions meet, so it never changes but by a new version.
 */
final class OperatorMessages {

    static final short KEY = 30_001;

    /** What is asked, by its number. */
    enum Action { LIST, COMMIT, ROLLBACK, FORGET }

    /**
     * @param code     XA_OK, or why nothing can be said of any branch
     * @param codes    of the branches of the request, in its order; for list, of what was found
     * @param branches for list, what was found; else none
     */
    record Response(int code, List<Integer> codes, List<WaitingBranch> branches) {
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
    private static final Field TIME = new Field("time_ms", Type.INT64);
    private static final Field PREPARED_TIME = new Field("prepared_time_ms", Type.INT64);
    private static final Field STATE = new Field("state", Type.INT8);
    private static final Field TOPIC = new Field("topic", Type.STRING);
    private static final Field PARTITION = new Field("partition", Type.INT32);

    private static final Schema BRANCH = new Schema(RESOURCE_MANAGER, TRANSACTIONAL_ID, PRODUCER_ID, PRODUCER_EPOCH, FORMAT_ID, GLOBAL_ID, QUALIFIER);
    private static final Field PARTITIONS = new Field("partitions", new ArrayOf(new Schema(TOPIC, PARTITION)));
    private static final Schema ANSWER = new Schema(CODE, RESOURCE_MANAGER, TRANSACTIONAL_ID, PRODUCER_ID, PRODUCER_EPOCH, FORMAT_ID, GLOBAL_ID,
            QUALIFIER, PREPARED_TIME, STATE, PARTITIONS);
    private static final Field BRANCHES = new Field("branches", new ArrayOf(BRANCH));
    private static final Field ANSWERS = new Field("branches", new ArrayOf(ANSWER));

    private static final Schema REQUEST = new Schema(ACTION, BRANCHES);
    private static final Schema RESPONSE = new Schema(CODE, TIME, ANSWERS);

    private OperatorMessages() {
    }

    static ByteBuffer request(Action action, WaitingBranch... branches) {
        Struct request = new Struct(REQUEST).set(ACTION.name, (byte) action.ordinal());
        request.set(BRANCHES.name, Arrays.stream(branches).map(branch -> request.instance(BRANCHES.name)
                .set(RESOURCE_MANAGER.name, branch.resourceManager()).set(TRANSACTIONAL_ID.name, branch.transactionalId())
                .set(PRODUCER_ID.name, branch.producerId()).set(PRODUCER_EPOCH.name, branch.producerEpoch()).set(FORMAT_ID.name, branch.formatId())
                .set(GLOBAL_ID.name, ByteBuffer.wrap(branch.globalId())).set(QUALIFIER.name, ByteBuffer.wrap(branch.qualifier()))).toArray());
        ByteBuffer bytes = ByteBuffer.allocate(request.sizeOf());
        request.writeTo(bytes);
        return bytes.flip();
    }

    /** @throws RuntimeException these are other bytes */
    static Response response(Action action, ByteBuffer bytes) {
        Struct response = RESPONSE.read(bytes);
        List<Integer> codes = new ArrayList<>();
        List<WaitingBranch> found = new ArrayList<>();
        for (Object each : response.getArray(ANSWERS.name)) {
            Struct answer = (Struct) each;
            codes.add(answer.getInt(CODE.name));
            if (action == Action.LIST) {
                found.add(branch(answer, response.getLong(TIME.name)));
            }
        }
        return new Response(response.getInt(CODE.name), codes, found);
    }

    private static WaitingBranch branch(Struct answer, long nowMs) {
        List<String> partitions = Arrays.stream(answer.getArray(PARTITIONS.name)).map(Struct.class::cast)
                .map(held -> held.getString(TOPIC.name) + "-" + held.getInt(PARTITION.name)).toList();
        long preparedMs = answer.getLong(PREPARED_TIME.name);
        return new WaitingBranch(answer.getString(RESOURCE_MANAGER.name), answer.getString(TRANSACTIONAL_ID.name), answer.getLong(PRODUCER_ID.name),
                answer.getShort(PRODUCER_EPOCH.name), answer.getInt(FORMAT_ID.name), bytes(answer, GLOBAL_ID), bytes(answer, QUALIFIER), preparedMs,
                nowMs - preparedMs, WaitingBranch.State.values()[(Byte) answer.get(STATE.name)], partitions);
    }

    private static byte[] bytes(Struct struct, Field field) {
        ByteBuffer buffer = struct.getBytes(field.name).duplicate();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
