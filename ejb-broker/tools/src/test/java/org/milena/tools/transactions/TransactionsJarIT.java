package org.milena.tools.transactions;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.testing.PreparedBranches;
import org.milena.broker.transaction.BranchId;

/** The jar as an operator runs it: with plain java, nothing else on the class path. */
class TransactionsJarIT {

    @TempDir
    Path dir;

    private static String java(String typed, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar",
                Path.of("target", "milena-transactions.jar").toString()));
        command.addAll(List.of(args));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var in = process.getOutputStream()) {
            in.write(typed.getBytes(Charset.defaultCharset()));
        }
        String out = new String(process.getInputStream().readAllBytes(), Charset.defaultCharset());
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return process.exitValue() + " " + out;
    }

    @Test
    void aBranchIsFoundAndCommitted() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir)) {
            PreparedBranches.prepare(broker, "orders", 1, "crm-1", new BranchId(131_077, new byte[] {1, 2}, new byte[] {3}), "crm");
            assertThat(java("", "--bootstrap-server", broker.bootstrap(), "list")).as("and no line of a log")
                    .matches("(?s)0 Xid +ResourceManager +TransactionalId +State +Age +Partitions\\R131077:0102:03 +crm +crm-1 +Prepared +.*s +orders-0\\R");
            assertThat(java("commit\n", "--bootstrap-server", broker.bootstrap(), "commit", "--xid", "131077:0102:03"))
                    .startsWith("0 Branch 131077:0102:03 of resource manager crm").contains("Type commit to go on: Branch 131077:0102:03 is committed.");
            assertThat(PreparedBranches.committed(broker, "orders")).containsExactly("v0");
        }
        assertThat(java("", "--bootstrap-server", "127.0.0.1:1", "list")).startsWith("1 Can't connect to 127.0.0.1:1: ");
    }
}
