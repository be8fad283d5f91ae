package org.milena.broker.transaction;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidRegularExpression;
import org.apache.kafka.common.errors.NotCoordinatorException;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData.TopicData;
import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.message.ListTransactionsResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.milena.broker.coordinator.CoordinatorRuntime;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.transaction.HangingTransactions.Fate;
import org.milena.broker.transaction.HangingTransactions.Unconfirmed;

/** What administrators ask (KIP-664, KIP-994, KIP-1152). Answers rest on committed state only, and on a confirmed epoch. */
final class TransactionQueries {

    private final CoordinatorRuntime<TransactionCoordinatorShard> runtime;
    private final ToIntFunction<String> partitionFor;
    private final BrokerClock clock;

    TransactionQueries(CoordinatorRuntime<TransactionCoordinatorShard> runtime, ToIntFunction<String> partitionFor, BrokerClock clock) {
        this.runtime = runtime;
        this.partitionFor = partitionFor;
        this.clock = clock;
    }

    CompletableFuture<List<DescribeTransactionsResponseData.TransactionState>> describe(List<String> transactionalIds) {
        List<CompletableFuture<DescribeTransactionsResponseData.TransactionState>> parts = transactionalIds.stream().map(this::describe).toList();
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .thenApply(done -> parts.stream().map(CompletableFuture::join).toList());
    }

    private CompletableFuture<DescribeTransactionsResponseData.TransactionState> describe(String transactionalId) {
        if (transactionalId.isEmpty()) {
            return CompletableFuture.completedFuture(described(transactionalId, Errors.INVALID_REQUEST));
        }
        return runtime.read(partitionFor.applyAsInt(transactionalId), List.of(transactionalId), shard -> describe(shard, transactionalId))
                .exceptionally(e -> described(transactionalId, TransactionCoordinator.error(e)));
    }

    private static DescribeTransactionsResponseData.TransactionState described(String transactionalId, Errors error) {
        return new DescribeTransactionsResponseData.TransactionState().setTransactionalId(transactionalId).setErrorCode(error.code());
    }

    private static DescribeTransactionsResponseData.TransactionState describe(TransactionCoordinatorShard shard, String transactionalId) {
        TransactionMetadata transaction = shard.transaction(transactionalId);
        if (transaction == null) {
            return described(transactionalId, Errors.TRANSACTIONAL_ID_NOT_FOUND);
        }
        DescribeTransactionsResponseData.TransactionState answer = described(transactionalId, Errors.NONE)
                .setProducerId(transaction.producerId()).setProducerEpoch(transaction.producerEpoch())
                .setTransactionState(transaction.state().stateName())
                // What KIP-939 has for a transaction that only its owner ends.
                .setTransactionTimeoutMs(transaction.isInDoubt() ? Integer.MAX_VALUE : transaction.timeoutMs())
                .setTransactionStartTimeMs(transaction.startTimeMs());
        describe(transaction.branch(), answer);
        for (TopicPartition partition : shard.openPartitions(transactionalId)) {
            TopicData topic = answer.topics().find(partition.topic());
            if (topic == null) {
                topic = new TopicData().setTopic(partition.topic());
                answer.topics().add(topic);
            }
            topic.partitions().add(partition.partition());
        }
        return answer;
    }

    /** In words, as a tagged field that Kafka's tools pass over, whose the transaction is. */
    private static void describe(Branch branch, Message answer) {
        if (branch != null) {
            String when = branch.preparedTimeMs() < 0 ? "" : ", prepared at " + Instant.ofEpochMilli(branch.preparedTimeMs());
            String text = "XA branch " + branch.xid() + " of " + branch.resourceManager() + when + (branch.isInDoubt() ? ", in doubt" : ", " + branch.outcome());
            answer.unknownTaggedFields().add(new RawTaggedField(BranchTags.FIRST, text.getBytes(StandardCharsets.UTF_8)));
        }
    }

    /** Transactions of all partitions that are led here; an error when one is not loaded yet. */
    CompletableFuture<ListTransactionsResponseData> list(ListTransactionsRequestData request) {
        ListTransactionsResponseData response = new ListTransactionsResponseData();
        Set<TransactionState> states = new HashSet<>();
        for (String name : request.stateFilters()) {
            TransactionState state = TransactionState.named(name);
            if (state == null) {
                response.unknownStateFilters().add(name);
            } else {
                states.add(state);
            }
        }
        Predicate<String> ids = ids(request.transactionalIdPattern());
        long now = clock.millis();
        return all(runtime.partitions(), true, shard -> {
            List<ListTransactionsResponseData.TransactionState> found = new ArrayList<>();
            shard.forEach((id, transaction) -> {
                if ((request.producerIdFilters().isEmpty() || request.producerIdFilters().contains(transaction.producerId()))
                        && (request.stateFilters().isEmpty() || states.contains(transaction.state()))
                        && (request.durationFilter() < 0 || now - transaction.startTimeMs() > request.durationFilter()) && ids.test(id)) {
                    ListTransactionsResponseData.TransactionState listed = new ListTransactionsResponseData.TransactionState().setTransactionalId(id)
                            .setProducerId(transaction.producerId()).setTransactionState(transaction.state().stateName());
                    describe(transaction.branch(), listed);
                    found.add(listed);
                }
            });
            return found;
        }).thenApply(parts -> {
            parts.forEach(response.transactionStates()::addAll);
            return response;
        }).exceptionally(e -> new ListTransactionsResponseData().setErrorCode(TransactionCoordinator.error(e).code()));
    }

    /** RE2/J: linear time, whatever the pattern. */
    private static Predicate<String> ids(String pattern) {
        if (pattern == null || pattern.isEmpty()) {
            return id -> true;
        }
        try {
            return Pattern.compile(pattern)::matches;
        } catch (PatternSyntaxException e) {
            throw new InvalidRegularExpression(String.format("Transaction ID pattern `%s` is not a valid regular expression: %s.", pattern, e.getMessage()));
        }
    }

    /**
     * The partitions in which transactions of a producer are under way; fails unless all coordinators could say.
     *
     * @param partitions how many {@code __transaction_state} has
     */
    CompletableFuture<Set<TopicPartition>> partitionsOf(long producerId, int partitions) {
        List<Integer> all = IntStream.range(0, partitions).boxed().toList();
        return all(all, false, shard -> shard.partitionsOf(producerId)).thenApply(parts -> {
            Set<TopicPartition> open = new HashSet<>();
            parts.forEach(open::addAll);
            return open;
        });
    }

    /**
     * Which of these transactions a coordinator ends, or has committed; of the others none knows any more. Fails unless all coordinators could say.
     *
     * @param partitions how many {@code __transaction_state} has
     */
    CompletableFuture<Map<Unconfirmed, Fate>> fates(List<Unconfirmed> found, int partitions) {
        return all(IntStream.range(0, partitions).boxed().toList(), false, shard -> {
            Map<Unconfirmed, Fate> fates = new HashMap<>();
            shard.forEach((id, transaction) -> found.forEach(each -> {
                Fate fate = HangingTransactions.fate(transaction, each);
                if (fate != null) {
                    fates.put(each, fate);
                }
            }));
            return fates;
        }).thenApply(parts -> {
            Map<Unconfirmed, Fate> fates = new HashMap<>();
            parts.forEach(fates::putAll);
            return fates;
        });
    }

    /**
     * The branches of a resource manager that are in doubt or whose heuristic outcome is not forgotten; fails unless all coordinators
     * could say (rules 16).
     *
     * @param partitions how many {@code __transaction_state} has
     */
    CompletableFuture<List<RecoveredBranch>> branches(String resourceManager, int partitions) {
        return branches(partitions, ShardBranches::waiting).thenApply(all -> all.stream().filter(each ->
                resourceManager == null || each.branch().resourceManager().equals(resourceManager)).toList());
    }

    /** The branches that are just being voted on, in doubt, or decided and not carried out everywhere; fails unless all coordinators could say. */
    CompletableFuture<List<RecoveredBranch>> unfinished(int partitions) {
        return branches(partitions, ShardBranches::unfinished);
    }

    private CompletableFuture<List<RecoveredBranch>> branches(int partitions, Function<ShardBranches, List<RecoveredBranch>> question) {
        return all(IntStream.range(0, partitions).boxed().toList(), false, shard -> question.apply(shard.branches()))
                .thenApply(parts -> parts.stream().flatMap(List::stream).toList());
    }

    /** @param ofOurs partitions that are no longer led here count as empty */
    private <T> CompletableFuture<List<T>> all(List<Integer> partitions, boolean ofOurs, Function<TransactionCoordinatorShard, T> question) {
        List<CompletableFuture<T>> parts = new ArrayList<>();
        for (int partition : partitions) {
            CompletableFuture<T> part = runtime.read(partition, null, question);
            parts.add(!ofOurs ? part : part.exceptionally(e -> {
                Throwable cause = Errors.maybeUnwrapException(e);
                if (cause instanceof NotCoordinatorException) {
                    return null;
                }
                throw new CompletionException(cause);
            }));
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .thenApply(done -> parts.stream().map(CompletableFuture::join).filter(Objects::nonNull).toList());
    }
}
