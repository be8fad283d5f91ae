package org.milena.broker.handler.transaction;

import static org.milena.broker.handler.transaction.BranchMessages.CODE;
import static org.milena.broker.handler.transaction.BranchMessages.FORMAT_ID;
import static org.milena.broker.handler.transaction.BranchMessages.GLOBAL_ID;
import static org.milena.broker.handler.transaction.BranchMessages.PRODUCER_EPOCH;
import static org.milena.broker.handler.transaction.BranchMessages.PRODUCER_ID;
import static org.milena.broker.handler.transaction.BranchMessages.QUALIFIER;
import static org.milena.broker.handler.transaction.BranchMessages.TRANSACTIONAL_ID;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.types.ArrayOf;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.Struct;
import org.apache.kafka.common.protocol.types.Type;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.RecoveredBranch;
import org.milena.broker.transaction.XaAnswer;

/**
 * The bytes of an operator's private request about XA branches, key {@value #KEY}, version 0. Codes of answers are those of XA, as in
 * {@link BranchMessages}; a branch is completed or forgotten by all that the list says of its identity (rules 16).
 */
public final class OperatorMessages {

    public static final short KEY = 30_001;

    /** What is asked, by its number. */
    public enum Action { LIST, COMMIT, ROLLBACK, FORGET }

    private static final Field ACTION = new Field("action", Type.INT8, "0 list, 1 commit, 2 roll back, 3 forget");
    private static final Field RESOURCE_MANAGER = new Field("resource_manager", Type.STRING, "Whose branch it is");
    private static final Field TIME = new Field("time_ms", Type.INT64, "The broker's clock, to tell ages by");
    private static final Field PREPARED_TIME = new Field("prepared_time_ms", Type.INT64, "List: when it was prepared; else -1");
    private static final Field STATE = new Field("state", Type.INT8, "List: 0 in doubt, 1 committed, 2 rolled back by an operator; else -1");
    private static final Field TOPIC = new Field("topic", Type.STRING, "");
    private static final Field PARTITION = new Field("partition", Type.INT32, "");

    private static final Schema BRANCH = new Schema(RESOURCE_MANAGER, TRANSACTIONAL_ID, PRODUCER_ID, PRODUCER_EPOCH, FORMAT_ID, GLOBAL_ID, QUALIFIER);
    private static final Schema HELD = new Schema(TOPIC, PARTITION);
    private static final Field PARTITIONS = new Field("partitions", new ArrayOf(HELD), "List: those it holds back; else none");
    private static final Schema ANSWER = new Schema(CODE, RESOURCE_MANAGER, TRANSACTIONAL_ID, PRODUCER_ID, PRODUCER_EPOCH, FORMAT_ID, GLOBAL_ID,
            QUALIFIER, PREPARED_TIME, STATE, PARTITIONS);
    private static final Field BRANCHES = new Field("branches", new ArrayOf(BRANCH), "None for list");
    private static final Field ANSWERS = new Field("branches", new ArrayOf(ANSWER), "Those of the request, in its order; for list, what was found");

    public static final Schema REQUEST = new Schema(ACTION, BRANCHES);
    public static final Schema RESPONSE = new Schema(CODE, TIME, ANSWERS);

    private OperatorMessages() {
    }

    // ---- requests

    public static Struct request(Action action, BranchRequest... branches) {
        Struct request = new Struct(REQUEST).set(ACTION.name, (byte) action.ordinal());
        return request.set(BRANCHES.name, Arrays.stream(branches).map(branch -> identify(request.instance(BRANCHES.name), branch)).toArray());
    }

    /** Null when the number is none of an action. */
    static Action action(Struct request) {
        int number = (Byte) request.get(ACTION.name);
        return number < 0 || number >= Action.values().length ? null : Action.values()[number];
    }

    /** @throws IllegalArgumentException an Xid that none can be */
    static List<BranchRequest> branches(Struct request) {
        return Arrays.stream(request.getArray(BRANCHES.name)).map(each -> (Struct) each)
                .map(branch -> BranchMessages.branch(branch, branch.getString(RESOURCE_MANAGER.name))).toList();
    }

    private static Struct identify(Struct struct, BranchRequest branch) {
        return BranchMessages.identify(struct, branch).set(RESOURCE_MANAGER.name, branch.resourceManager());
    }

    // ---- responses

    /** An answer to the request as a whole: nothing can be said of any branch. */
    static Struct response(XaAnswer answer, long nowMs) {
        return new Struct(RESPONSE).set(CODE.name, answer.code()).set(TIME.name, nowMs).set(ANSWERS.name, new Object[0]);
    }

    static Struct response(List<BranchRequest> branches, List<XaAnswer> answers, long nowMs) {
        Struct response = response(XaAnswer.OK, nowMs);
        Object[] structs = new Object[answers.size()];
        for (int i = 0; i < structs.length; i++) {
            structs[i] = identify(response.instance(ANSWERS.name), branches.get(i)).set(CODE.name, answers.get(i).code()).set(PREPARED_TIME.name, -1L)
                    .set(STATE.name, (byte) -1).set(PARTITIONS.name, new Object[0]);
        }
        return response.set(ANSWERS.name, structs);
    }

    static Struct response(List<RecoveredBranch> found, long nowMs) {
        Struct response = response(XaAnswer.OK, nowMs);
        return response.set(ANSWERS.name, found.stream().map(branch -> listed(response.instance(ANSWERS.name), branch)).toArray());
    }

    private static Struct listed(Struct struct, RecoveredBranch found) {
        identify(struct, found.request()).set(CODE.name, XaAnswer.OK.code()).set(PREPARED_TIME.name, found.branch().preparedTimeMs())
                .set(STATE.name, BranchMessages.state(found.branch()));
        return struct.set(PARTITIONS.name, found.partitions().stream()
                .sorted(Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition))
                .map(held -> struct.instance(PARTITIONS.name).set(TOPIC.name, held.topic()).set(PARTITION.name, held.partition())).toArray());
    }
}
