package org.milena.broker.handler.transaction;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.types.ArrayOf;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.Struct;
import org.apache.kafka.common.protocol.types.Type;
import org.milena.broker.transaction.Branch;
import org.milena.broker.transaction.BranchContent;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.RecoveredBranch;
import org.milena.broker.transaction.XaAnswer;

/**
 * The bytes of the private request about XA branches, key {@value #KEY}, version 0. Codes of answers are those of XA
 * ({@link XaAnswer#code}): one of the request, one of each branch.
 */
public final class BranchMessages {

    public static final short KEY = 30_000;

    /** What is asked, by its number. */
    public enum Action { PREPARE, COMMIT, COMMIT_ONE_PHASE, ROLLBACK, FORGET, RECOVER }

    private static final Field ACTION = new Field("action", Type.INT8, "0 prepare, 1 commit, 2 commit in one phase, 3 roll back, 4 forget, 5 recover");
    private static final Field RESOURCE_MANAGER = new Field("resource_manager", Type.STRING, "Whose branches they are; recover lists all of its");
    static final Field TRANSACTIONAL_ID = new Field("transactional_id", Type.STRING, "");
    static final Field PRODUCER_ID = new Field("producer_id", Type.INT64, "Of the branch's records");
    static final Field PRODUCER_EPOCH = new Field("producer_epoch", Type.INT16, "Of the branch's records");
    static final Field FORMAT_ID = new Field("format_id", Type.INT32, "Of the Xid");
    static final Field GLOBAL_ID = new Field("global_id", Type.BYTES, "Of the Xid, 1 to 64 bytes");
    static final Field QUALIFIER = new Field("qualifier", Type.BYTES, "Of the Xid, 0 to 64 bytes");
    static final Field CODE = new Field("xa_code", Type.INT32, "XA_OK (0) or the code of an XAException");
    private static final Field PREPARED_TIME = new Field("prepared_time_ms", Type.INT64, "Recover: when it was prepared; else -1");
    private static final Field OUTCOME = new Field("outcome", Type.INT8, "Recover: 0 in doubt, 1 committed, 2 rolled back by an operator; else 0");

    private static final Field TOPIC_ID = new Field("topic_id", Type.UUID);
    private static final Field TOPIC = new Field("topic", Type.STRING);
    private static final Field PARTITION = new Field("partition", Type.INT32);
    private static final Field LAST_SEQUENCE = new Field("last_sequence", Type.INT32);
    private static final Field GROUP = new Field("group", Type.STRING);
    private static final Field OFFSET = new Field("offset", Type.INT64);
    private static final Field RECORDS = new Field("records", new ArrayOf(new Schema(TOPIC_ID, PARTITION, LAST_SEQUENCE)),
            "Prepare, commit in one phase: all that was acknowledged; else none");
    private static final Field OFFSETS = new Field("offsets", new ArrayOf(new Schema(GROUP, TOPIC, PARTITION, OFFSET)), "The same");

    private static final Schema BRANCH = new Schema(TRANSACTIONAL_ID, PRODUCER_ID, PRODUCER_EPOCH, FORMAT_ID, GLOBAL_ID, QUALIFIER, RECORDS, OFFSETS);
    private static final Schema ANSWER = new Schema(CODE, TRANSACTIONAL_ID, PRODUCER_ID, PRODUCER_EPOCH, FORMAT_ID, GLOBAL_ID, QUALIFIER,
            PREPARED_TIME, OUTCOME);
    private static final Field BRANCHES = new Field("branches", new ArrayOf(BRANCH), "None for recover");
    private static final Field ANSWERS = new Field("branches", new ArrayOf(ANSWER), "Those of the request, in its order; for recover, what was found");

    public static final Schema REQUEST = new Schema(ACTION, RESOURCE_MANAGER, BRANCHES);
    public static final Schema RESPONSE = new Schema(CODE, ANSWERS);

    private BranchMessages() {
    }

    // ---- requests

    public static Struct request(Action action, String resourceManager, BranchRequest... branches) {
        return request(action, resourceManager, List.of(branches), Set.of());
    }

    /** @param acknowledged of each branch */
    public static Struct request(Action action, String resourceManager, List<BranchRequest> branches, Set<BranchContent> acknowledged) {
        Struct request = new Struct(REQUEST).set(ACTION.name, (byte) action.ordinal()).set(RESOURCE_MANAGER.name, resourceManager);
        return request.set(BRANCHES.name, branches.stream().map(branch ->
                fill(identify(request.instance(BRANCHES.name), branch), acknowledged)).toArray());
    }

    private static Struct fill(Struct branch, Set<BranchContent> acknowledged) {
        return branch.set(RECORDS.name, acknowledged.stream().filter(BranchContent.Records.class::isInstance).map(BranchContent.Records.class::cast)
                .map(each -> branch.instance(RECORDS.name).set(TOPIC_ID.name, each.topicId()).set(PARTITION.name, each.partition())
                        .set(LAST_SEQUENCE.name, each.lastSequence())).toArray())
                .set(OFFSETS.name, acknowledged.stream().filter(BranchContent.Offset.class::isInstance).map(BranchContent.Offset.class::cast)
                        .map(each -> branch.instance(OFFSETS.name).set(GROUP.name, each.groupId()).set(TOPIC.name, each.partition().topic())
                                .set(PARTITION.name, each.partition().partition()).set(OFFSET.name, each.offset())).toArray());
    }

    /** Null when the number is none of an action. */
    static Action action(Struct request) {
        int number = (Byte) request.get(ACTION.name);
        return number < 0 || number >= Action.values().length ? null : Action.values()[number];
    }

    static String resourceManager(Struct request) {
        return request.getString(RESOURCE_MANAGER.name);
    }

    /** What was acknowledged of one of the request's branches. */
    static Set<BranchContent> acknowledged(Struct request, int branch) {
        Struct struct = (Struct) request.getArray(BRANCHES.name)[branch];
        Set<BranchContent> all = new HashSet<>();
        for (Object each : struct.getArray(RECORDS.name)) {
            Struct records = (Struct) each;
            all.add(new BranchContent.Records((Uuid) records.get(TOPIC_ID.name), records.getInt(PARTITION.name), records.getInt(LAST_SEQUENCE.name)));
        }
        for (Object each : struct.getArray(OFFSETS.name)) {
            Struct offset = (Struct) each;
            all.add(new BranchContent.Offset(offset.getString(GROUP.name),
                    new TopicPartition(offset.getString(TOPIC.name), offset.getInt(PARTITION.name)), offset.getLong(OFFSET.name)));
        }
        return all;
    }

    /** @throws IllegalArgumentException an Xid that none can be */
    static List<BranchRequest> branches(Struct request) {
        return Arrays.stream(request.getArray(BRANCHES.name)).map(each -> branch((Struct) each, resourceManager(request))).toList();
    }

    /** @throws IllegalArgumentException an Xid that none can be */
    static BranchRequest branch(Struct branch, String resourceManager) {
        return new BranchRequest(branch.getString(TRANSACTIONAL_ID.name), branch.getLong(PRODUCER_ID.name), branch.getShort(PRODUCER_EPOCH.name),
                new BranchId(branch.getInt(FORMAT_ID.name), bytes(branch, GLOBAL_ID), bytes(branch, QUALIFIER)), resourceManager);
    }

    private static byte[] bytes(Struct struct, Field field) {
        ByteBuffer buffer = struct.getBytes(field.name).duplicate();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    static Struct identify(Struct struct, BranchRequest branch) {
        return struct.set(TRANSACTIONAL_ID.name, branch.transactionalId()).set(PRODUCER_ID.name, branch.producerId())
                .set(PRODUCER_EPOCH.name, branch.producerEpoch()).set(FORMAT_ID.name, branch.xid().formatId())
                .set(GLOBAL_ID.name, ByteBuffer.wrap(branch.xid().globalId())).set(QUALIFIER.name, ByteBuffer.wrap(branch.xid().qualifier()));
    }

    // ---- responses

    /** An answer to the request as a whole: nothing can be said of any branch. */
    static Struct response(XaAnswer answer) {
        return new Struct(RESPONSE).set(CODE.name, answer.code()).set(ANSWERS.name, new Object[0]);
    }

    static Struct response(List<BranchRequest> branches, List<XaAnswer> answers) {
        Struct response = new Struct(RESPONSE).set(CODE.name, XaAnswer.OK.code());
        Object[] structs = new Object[answers.size()];
        for (int i = 0; i < structs.length; i++) {
            structs[i] = identify(response.instance(ANSWERS.name), branches.get(i)).set(CODE.name, answers.get(i).code()).set(PREPARED_TIME.name, -1L)
                    .set(OUTCOME.name, (byte) 0);
        }
        return response.set(ANSWERS.name, structs);
    }

    static Struct response(List<RecoveredBranch> found) {
        Struct response = new Struct(RESPONSE).set(CODE.name, XaAnswer.OK.code());
        return response.set(ANSWERS.name, found.stream().map(branch -> recovered(response.instance(ANSWERS.name), branch)).toArray());
    }

    private static Struct recovered(Struct struct, RecoveredBranch found) {
        BranchRequest request = found.request();
        return identify(struct, request).set(CODE.name, XaAnswer.OK.code()).set(PREPARED_TIME.name, found.branch().preparedTimeMs())
                .set(OUTCOME.name, state(found.branch()));
    }

    /** Of a branch that waits: 0 in doubt, 1 committed, 2 rolled back by an operator. */
    static byte state(Branch branch) {
        return (byte) (branch.isInDoubt() ? 0 : branch.outcome().isCommit() ? 1 : 2);
    }
}
