package org.milena.tools.transactions;

import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/** Branches in words. */
final class Report {

    /** What Narayana, the transaction manager of WildFly, writes into its Xids. */
    private static final int NARAYANA = 131_077;

    private Report() {
    }

    /** A table, the oldest first. */
    static void list(List<WaitingBranch> branches, PrintStream out) {
        List<List<String>> rows = new ArrayList<>(List.of(List.of("Xid", "ResourceManager", "TransactionalId", "State", "Age", "Partitions")));
        oldestFirst(branches).forEach(each -> rows.add(List.of(each.xid(), each.resourceManager(), each.transactionalId(), each.state().word(), each.age(),
                partitions(each, ","))));
        int last = rows.get(0).size() - 1;
        int[] widths = new int[last];
        rows.forEach(row -> {
            for (int i = 0; i < last; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        rows.forEach(row -> {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < last; i++) {
                line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
            out.println(line.append(row.get(last)));
        });
    }

    static void describe(List<WaitingBranch> branches, PrintStream out) {
        boolean first = true;
        for (WaitingBranch each : oldestFirst(branches)) {
            if (!first) {
                out.println();
            }
            first = false;
            out.println("Xid:               " + each.xid());
            out.println("  Format id:       " + each.formatId() + (each.formatId() == NARAYANA ? " (Narayana)" : ""));
            out.println("  Global id:       " + bytes(each.globalId()));
            out.println("  Qualifier:       " + bytes(each.qualifier()));
            out.println("Resource manager:  " + each.resourceManager());
            out.println("Transactional id:  " + each.transactionalId());
            out.println("Producer:          id " + each.producerId() + ", epoch " + each.producerEpoch());
            out.println("State:             " + each.state().text());
            out.println("Prepared at:       " + Instant.ofEpochMilli(each.preparedTimeMs()) + ", " + each.age() + " ago");
            out.println("Holds back:        " + partitions(each, ", "));
        }
    }

    private static List<WaitingBranch> oldestFirst(List<WaitingBranch> branches) {
        return branches.stream().sorted(Comparator.comparingLong(WaitingBranch::preparedTimeMs)).toList();
    }

    static String partitions(WaitingBranch branch, String separator) {
        return branch.partitions().isEmpty() ? "-" : String.join(separator, branch.partitions());
    }

    /** As hexadecimal digits and, as many transaction managers write names into them, as letters. */
    private static String bytes(byte[] bytes) {
        StringBuilder letters = new StringBuilder();
        for (byte each : bytes) {
            letters.append(each > ' ' && each < 127 ? (char) each : '.');
        }
        return bytes.length == 0 ? "none" : HexFormat.of().formatHex(bytes) + " \"" + letters + "\"";
    }
}
