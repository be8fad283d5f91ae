package org.milena.connector.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.log.DelegatingDisk;
import org.milena.broker.log.NioDisk;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.connector.OutboundRecord;

/**
 * What a branch with one record costs in this VM, without a server: threads that begin, send, prepare and commit as fast as they can. No test; prints for each
 * round and branch the microseconds of CPU (without JIT and garbage collection), fsyncs, and how often a thread had to wait (Linux).
 * Arguments: directory, threads, seconds of a round, rounds.
 */
final class BranchCost {

    private static final AtomicInteger XIDS = new AtomicInteger();
    private static final AtomicLong FORCED = new AtomicLong();
    private static final long TICK_MICROS = 10_000;
    private static volatile boolean over;

    private BranchCost() {
    }

    /** Of all threads that live: what the kernel counts of each. */
    private record Counts(Map<String, long[]> threads, long fsyncs, long branches) {

        static Counts now(AtomicLong branches) {
            Map<String, long[]> threads = new TreeMap<>();
            try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
                for (Path task : tasks.toList()) {
                    String stat = Files.readString(task.resolve("stat"));
                    String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
                    if (!name.matches("C[12] Comp.*|G1 .*|VM .*|Sweeper.*|GC .*")) {
                        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
                        long[] sums = threads.computeIfAbsent(name.replaceAll("[-0-9]+$", ""), kind -> new long[3]);
                        sums[0] += TICK_MICROS * Long.parseLong(fields[11]);
                        sums[1] += TICK_MICROS * Long.parseLong(fields[12]);
                        sums[2] += Files.readAllLines(task.resolve("status")).stream().filter(line -> line.startsWith("voluntary_ctxt"))
                                .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).trim())).sum();
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return new Counts(threads, FORCED.get(), branches.get());
        }

        String since(Counts before, double seconds) {
            double count = branches - before.branches;
            long[] all = new long[3];
            StringBuilder kinds = new StringBuilder();
            threads.forEach((kind, sums) -> {
                long[] old = before.threads.getOrDefault(kind, new long[3]);
                if (sums[2] - old[2] > count / 10) {
                    kinds.append(String.format("%n    %-16s %5.0f us user %5.0f us system %5.1f waits", kind, (sums[0] - old[0]) / count,
                            (sums[1] - old[1]) / count, (sums[2] - old[2]) / count));
                }
                for (int i = 0; i < 3; i++) {
                    all[i] += sums[i] - old[i];
                }
            });
            return String.format("%7.0f/s %5.0f us user %5.0f us system %6.2f fsyncs %6.1f waits", count / seconds, all[0] / count, all[1] / count,
                    (fsyncs - before.fsyncs) / count, all[2] / count) + kinds;
        }
    }

    private static final class CountingDisk extends DelegatingDisk {

        private CountingDisk() {
            super(new NioDisk());
        }

        @Override
        public Handle open(Path file, Mode mode) throws IOException {
            return new DelegatingHandle(super.open(file, mode)) {
                @Override
                public void force() throws IOException {
                    FORCED.incrementAndGet();
                    super.force();
                }
            };
        }
    }

    public static void main(String[] args) throws Exception {
        int threads = Integer.parseInt(args[1]);
        long seconds = Long.parseLong(args[2]);
        try (EmbeddedBroker broker = EmbeddedBroker.start(Path.of(args[0]), new InMemoryMetadataStore(),
                Map.of("num.partitions", "8", "transaction.state.log.num.partitions", "50"), new CountingDisk());
                Cluster cluster = new Cluster(new InVm(broker.broker()::inVmAccess, Way.NO_SOCKETS), ClientConfig.DEFAULT)) {
            ResourceManager manager = new ResourceManager(new ServerProcess("cost", "p"), "i");
            AtomicLong branches = new AtomicLong();
            List<Thread> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                Thread thread = new Thread(() -> work(manager, cluster, branches), "application-" + i);
                thread.setDaemon(true);
                thread.start();
                all.add(thread);
            }
            for (int round = 0; round < Integer.parseInt(args[3]); round++) {
                Counts before = Counts.now(branches);
                long begin = System.nanoTime();
                Thread.sleep(seconds * 1_000);
                System.out.println(round + " " + Counts.now(branches).since(before, (System.nanoTime() - begin) / 1e9));
            }
            over = true;
            for (Thread thread : all) {
                thread.join();
            }
        }
    }

    private static void work(ResourceManager manager, Cluster cluster, AtomicLong branches) {
        byte[] value = new byte[1024];
        try {
            while (!over) {
                int number = XIDS.incrementAndGet();
                BranchXid xid = new BranchXid(131_077, new byte[] {(byte) (number >> 24), (byte) (number >> 16), (byte) (number >> 8), (byte) number},
                        new byte[] {1});
                manager.begin(cluster, xid, 60_000).send(List.of(OutboundRecord.to("t").value(value)));
                manager.prepare(cluster, xid);
                manager.commit(cluster, xid, false);
                branches.incrementAndGet();
            }
        } catch (Exception e) {
            System.err.println(Thread.currentThread().getName() + ": " + e);
        }
    }
}
