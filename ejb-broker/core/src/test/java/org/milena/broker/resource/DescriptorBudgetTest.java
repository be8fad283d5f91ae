package org.milena.broker.resource;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public class DescriptorBudgetTest {

    /** An operating system that says what the test wants. */
    public static final class Given implements FileDescriptors {
        private final long limit;
        long open;

        public Given(long limit, long open) {
            this.limit = limit;
            this.open = open;
        }

        @Override
        public long limit() {
            return limit;
        }

        @Override
        public long open() {
            return open;
        }
    }

    @Test
    void logsGetTwoFifthsOfWhatTheServerAndTheMarginLeave() {
        DescriptorBudget budget = new DescriptorBudget(new Given(20_000, 1_000));
        assertThat(budget.logFiles()).isEqualTo((20_000 - 1_000 - 1_000) * 2 / 5);
        assertThat(admitted(budget)).isEqualTo(20_000 - 1_000 - 1_000 - budget.logFiles());
    }

    /** A burst that has come and gone when the sample is taken. */
    @Test
    void aRefusalBetweenTwoSamplesIsLoggedToo() {
        DescriptorBudget budget = new DescriptorBudget(new Given(1_000, 200));
        admitted(budget); // to the first that is refused
        List<String> logged = new ArrayList<>();
        Logger logger = Logger.getLogger(DescriptorBudget.class.getName());
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                logged.add(line.getMessage());
            }

            @Override
            public void flush() {
            }

            @Override
            public void close() {
            }
        };
        logger.addHandler(handler);
        try {
            budget.sample();
            budget.sample();
        } finally {
            logger.removeHandler(handler);
        }
        assertThat(logged).hasSize(2);
        assertThat(logged.get(0)).startsWith("New connections are refused: ");
        assertThat(logged.get(1)).startsWith("New connections are accepted again: ");
    }

    @Test
    void connectionsNeverTakeWhatTheLogsMayStillOpen() {
        Given system = new Given(1_000, 200);
        DescriptorBudget budget = new DescriptorBudget(system);
        int[] logFiles = {0};
        budget.observeLogFiles(() -> logFiles[0]);
        int sockets = admitted(budget);
        assertThat(sockets).isPositive();

        system.open = 200 + sockets;
        budget.sample();
        assertThat(budget.getAsBoolean()).isFalse();

        logFiles[0] = budget.logFiles(); // the logs' files come out of their own share: still room for no socket
        system.open += logFiles[0];
        budget.sample();
        assertThat(budget.getAsBoolean()).isFalse();
        assertThat(system.open).isLessThan(system.limit);

        system.open -= 10; // ten clients went
        budget.sample();
        assertThat(admitted(budget)).isEqualTo(10);
    }

    @Test
    void whatOthersOpenCountsAgainstConnections() {
        Given system = new Given(1_000, 200);
        DescriptorBudget budget = new DescriptorBudget(system);
        system.open = 990;
        budget.sample();
        assertThat(budget.getAsBoolean()).isFalse();
        assertThat(budget.logFiles()).isPositive();
    }

    @Test
    void withoutAKnownLimitNobodyIsRefused() {
        DescriptorBudget budget = new DescriptorBudget(new Given(-1, -1));
        assertThat(budget.getAsBoolean()).isTrue();
        assertThat(budget.logFiles()).isEqualTo(8192);
    }

    @Test
    void aTinyLimitStillLetsLogsWork() {
        DescriptorBudget budget = new DescriptorBudget(new Given(256, 250));
        assertThat(budget.logFiles()).isEqualTo(64);
        assertThat(budget.getAsBoolean()).isFalse();
    }

    @Test
    void readsTheRunningProcess(@TempDir Path directory) throws IOException {
        assertThat(FileDescriptors.PROCESS.limit()).isGreaterThan(FileDescriptors.PROCESS.open());
        assertThat(FileDescriptors.PROCESS.open()).isPositive();
        Path limits = Files.writeString(directory.resolve("limits"),
                "Limit                     Soft Limit           Hard Limit           Units     \n"
                        + "Max open files            1024                 20000                files     \n");
        assertThat(FileDescriptors.limitOf(limits)).isEqualTo(1024);
        assertThat(FileDescriptors.limitOf(directory.resolve("absent"))).isEqualTo(-1);
    }

    private static int admitted(DescriptorBudget budget) {
        int admitted = 0;
        while (budget.getAsBoolean()) {
            admitted++;
        }
        return admitted;
    }
}
