package org.milena.broker.transaction;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;

/**
 * A connector with its transaction manager, whose log survives every crash of the process: branches are sent, prepared and decided, and
 * recovered after a crash as Narayana does it. What it promised goes into {@link SimProducer.Truth}.
 */
final class SimBranchClient extends SimClient {

    private enum Phase { OUT, RECOVERING, READY, OPEN, PREPARING, DECIDING }

    private final SimProducer.Truth truth;
    private final String name;
    /** Branches to be committed: written before the first commit is sent. */
    private final Set<BranchId> log = new HashSet<>();
    private final Deque<RecoveredBranch> toRecover = new ArrayDeque<>();
    private Phase phase = Phase.OUT;
    private int incarnation;
    private long producerId;
    private short epoch;
    private BranchRequest branch;
    private String transaction;
    private List<TopicPartition> todo = List.of();
    private boolean commit;
    private boolean onePhase;
    int finished;
    int recovered;

    SimBranchClient(SimCluster cluster, Random random, SimProducer.Truth truth, String name) {
        super(cluster, random, true);
        this.truth = truth;
        this.name = name;
    }

    private String id() {
        return name + "-" + incarnation;
    }

    /** The process dies; the next one uses other transactional ids (rules 17). */
    void crash() {
        giveUp();
        toRecover.clear();
        incarnation++;
        phase = Phase.OUT;
    }

    void step() {
        if (isWaiting()) {
            return;
        }
        switch (phase) {
            case OUT -> init();
            case RECOVERING -> recover();
            case READY -> begin();
            case OPEN -> {
                if (todo.isEmpty()) {
                    vote();
                } else {
                    produce(todo.get(0));
                }
            }
            case PREPARING -> prepare();
            case DECIDING -> decide();
        }
    }

    /** Begins nothing new. */
    void recoverOnly() {
        if (!isWaiting() && phase != Phase.READY) {
            step();
        }
    }

    private void init() {
        call(() -> cluster.coordinator().initProducerId(TransactionFixture.initRequest(id(), -1, -1)), answer -> {
            if (answer.errorCode() == 0) {
                producerId = answer.producerId();
                epoch = answer.producerEpoch();
                phase = Phase.RECOVERING;
            }
        });
    }

    /** What is listed is completed as the log says; what the log does not know is rolled back. */
    private void recover() {
        if (toRecover.isEmpty()) {
            call(() -> cluster.coordinator().branches().recover(name).handle((found, error) -> error == null ? found : null), found -> {
                if (found != null) {
                    toRecover.addAll(found);
                    phase = found.isEmpty() ? Phase.READY : phase;
                }
            });
            return;
        }
        RecoveredBranch next = toRecover.peek();
        boolean wanted = log.contains(next.branch().xid());
        call(() -> cluster.coordinator().branches().decide(next.request(), wanted), answer -> {
            if (answer != XaAnswer.UNAVAILABLE) {
                expect(answer, XaAnswer.OK);
                toRecover.poll();
                recovered++;
            }
        });
    }

    private void begin() {
        int number = ++truth.transactions;
        transaction = id() + "-" + number;
        byte[] globalId = java.nio.ByteBuffer.allocate(4).putInt(number).array();
        branch = new BranchRequest(id(), producerId, epoch, new BranchId(1, globalId, new byte[0]), name);
        List<TopicPartition> partitions = new ArrayList<>(SimCluster.PARTITIONS);
        Collections.shuffle(partitions, random);
        todo = new ArrayList<>(partitions.subList(0, 1 + random.nextInt(3)));
        phase = Phase.OPEN;
    }

    private void produce(TopicPartition partition) {
        BranchRequest sentBy = branch;
        String sentIn = transaction;
        call(() -> SimProducer.append(cluster, sentBy.transactionalId(), TransactionFixture.V2, partition, sentBy.producerId(), sentBy.producerEpoch(),
                sentIn), error -> {
            if (error == Errors.NONE) {
                truth.acknowledged.computeIfAbsent(sentIn, t -> new HashSet<>()).add(partition);
                todo.remove(partition);
            } else if (random.nextInt(4) == 0 || error != Errors.CONCURRENT_TRANSACTIONS && error != Errors.NOT_ENOUGH_REPLICAS) {
                rollBack(); // a failed send makes the branch rollback-only
            }
        });
    }

    private void vote() {
        int dice = random.nextInt(8);
        if (dice == 0) {
            rollBack();
        } else if (dice == 1) {
            onePhase = true;
            commit = true;
            truth.commitSent.add(transaction);
            phase = Phase.DECIDING;
        } else {
            phase = Phase.PREPARING;
        }
    }

    private void rollBack() {
        onePhase = false;
        commit = false;
        phase = Phase.DECIDING;
    }

    private void prepare() {
        BranchRequest mine = branch;
        call(() -> cluster.coordinator().branches().prepare(mine, Set.of()), answer -> {
            if (answer == XaAnswer.OK && random.nextInt(4) > 0) {
                log.add(mine.xid());
                truth.commitSent.add(transaction);
                truth.committed.add(transaction); // from here on it is a promise
                onePhase = false;
                commit = true;
                phase = Phase.DECIDING;
            } else if (answer == XaAnswer.ROLLED_BACK) {
                over();
            } else if (answer != XaAnswer.UNAVAILABLE || random.nextInt(5) == 0) {
                rollBack();
            }
        });
    }

    private void decide() {
        BranchRequest mine = branch;
        boolean sentCommit = commit;
        boolean sentOnePhase = onePhase;
        call(() -> sentOnePhase && sentCommit ? cluster.coordinator().branches().commitInOnePhase(mine, Set.of())
                : cluster.coordinator().branches().decide(mine, sentCommit), answer -> {
            if (answer == XaAnswer.UNAVAILABLE) {
                return;
            }
            if (sentOnePhase && answer == XaAnswer.OK) {
                truth.committed.add(transaction);
            } else if (sentOnePhase && answer != XaAnswer.NOT_KNOWN) { // fenced twice by late InitProducerIds: aborted, but who knows
                expect(answer, XaAnswer.ROLLED_BACK);
            } else if (sentCommit && !sentOnePhase) {
                expect(answer, XaAnswer.OK);
            } else if (answer != XaAnswer.NOT_KNOWN) {
                expect(answer, XaAnswer.OK);
            }
            if (!truth.committed.contains(transaction)) {
                truth.aborted.add(transaction);
            }
            if (answer == XaAnswer.NOT_KNOWN) {
                crash(); // whatever its epoch is by now: another id
            } else {
                over();
            }
        });
    }

    private void over() {
        finished++;
        if (!truth.committed.contains(transaction)) {
            truth.aborted.add(transaction);
        }
        epoch++;
        phase = Phase.READY;
    }

    private void expect(XaAnswer answer, XaAnswer expected) {
        if (answer != expected) {
            throw new AssertionError("Branch " + transaction + " was answered " + answer + " instead of " + expected);
        }
    }
}
