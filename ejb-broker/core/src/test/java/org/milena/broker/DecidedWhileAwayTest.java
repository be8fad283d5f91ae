package org.milena.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.testing.PreparedBranches;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.XaAnswer;

/** A log directory is away when a branch over it is decided, and comes back (rules 14, invariant 8). */
@Timeout(120)
class DecidedWhileAwayTest {

    private static final int PARTITIONS = 6;

    @TempDir
    private Path dir;
    private final InMemoryMetadataStore store = new InMemoryMetadataStore();

    private EmbeddedBroker start() {
        return EmbeddedBroker.start(dir.resolve("data"), store, Map.of("log.dirs", dir.resolve("a") + "," + dir.resolve("b"),
                "transaction.state.log.num.partitions", "1"));
    }

    private List<Integer> partitionsIn(Path directory) {
        return IntStream.range(0, PARTITIONS).filter(i -> Files.exists(directory.resolve("t-" + i))).boxed().toList();
    }

    @Test
    void whatWasDecidedReachesItWhenItIsBack() throws Exception {
        BranchRequest branch;
        try (EmbeddedBroker broker = start()) {
            branch = PreparedBranches.prepare(broker, "t", PARTITIONS, "id", new BranchId(7, new byte[] {1}, new byte[] {2}), "crm");
        }
        Path stays = dir.resolve(Files.exists(dir.resolve("a/__transaction_state-0")) ? "a" : "b");
        Path goes = dir.resolve(stays.endsWith("a") ? "b" : "a");
        assertThat(partitionsIn(goes)).isNotEmpty();
        Path away = Files.move(goes, dir.resolve("away"));
        Files.writeString(goes, "a file where a directory should be");
        try (EmbeddedBroker broker = start()) {
            assertThat(PreparedBranches.commit(broker, branch)).as("commit does not wait for what is offline").isEqualTo(XaAnswer.OK);
            try (Admin admin = Admin.create(broker.properties())) {
                assertThat(admin.listTransactions().all().get()).singleElement().extracting(TransactionListing::state)
                        .as("not over: the id must not go on").isEqualTo(TransactionState.PREPARE_COMMIT);
            }
            for (int i : partitionsIn(stays)) {
                assertThat(PreparedBranches.committed(broker, new TopicPartition("t", i))).containsExactly("v" + i);
            }
        }
        Files.delete(goes);
        Files.move(away, goes);
        try (EmbeddedBroker broker = start()) {
            for (int i = 0; i < PARTITIONS; i++) {
                assertThat(PreparedBranches.committed(broker, new TopicPartition("t", i))).as("partition %s", i).containsExactly("v" + i);
            }
        }
    }
}
