package org.milena.broker.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import org.milena.broker.log.PartitionLog.EpochEnd;

/**
 * Which leader epoch starts at which offset (KIP-101, KIP-279), with its file {@code leader-epoch-checkpoint}. Changed under the
 * log's lock, read without. The file may lag behind: what it lacks lies above the recovery point and is found again in the batches.
 */
final class LeaderEpochs {

    static final String FILE = "leader-epoch-checkpoint";

    private record History(int[] epochs, long[] starts) {
        int size() {
            return epochs.length;
        }

        History slice(int from, int to) {
            return new History(Arrays.copyOfRange(epochs, from, to), Arrays.copyOfRange(starts, from, to));
        }
    }

    private final Disk disk;
    private final Path file;
    private volatile History history = new History(new int[0], new long[0]);
    private volatile boolean dirty;

    LeaderEpochs(Disk disk, Path directory) {
        this.disk = disk;
        this.file = directory.resolve(FILE);
    }

    /** @throws IOException also for a file that makes no sense */
    void load() throws IOException {
        if (!disk.exists(file)) {
            return;
        }
        byte[] bytes = disk.readAll(file);
        if (bytes.length == 0) {
            // Kafka creates the file with the log and writes it with the first epoch
            return;
        }
        String[] lines = new String(bytes, StandardCharsets.UTF_8).split("\n");
        try {
            if (!lines[0].trim().equals("0")) {
                throw new IOException("Unknown version " + lines[0].trim() + " of " + file);
            }
            int count = Integer.parseInt(lines[1].trim());
            int[] epochs = new int[count];
            long[] starts = new long[count];
            for (int i = 0; i < count; i++) {
                String[] fields = lines[i + 2].trim().split("\\s+");
                epochs[i] = Integer.parseInt(fields[0]);
                starts[i] = Long.parseLong(fields[1]);
            }
            history = new History(epochs, starts);
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new IOException("Malformed " + file + ": " + e.getMessage(), e);
        }
    }

    /** Notes that {@code epoch} wrote at {@code offset}; older or equal epochs change nothing. */
    void assign(int epoch, long offset) {
        History h = history;
        int n = h.size();
        if (epoch < 0 || n > 0 && epoch <= h.epochs[n - 1]) {
            return;
        }
        // A start at or behind the new one belongs to an epoch that left no record.
        while (n > 0 && h.starts[n - 1] >= offset) {
            n--;
        }
        int[] epochs = Arrays.copyOf(h.epochs, n + 1);
        long[] starts = Arrays.copyOf(h.starts, n + 1);
        epochs[n] = epoch;
        starts[n] = offset;
        history = new History(epochs, starts);
        dirty = true;
    }

    OptionalInt latest() {
        History h = history;
        return h.size() == 0 ? OptionalInt.empty() : OptionalInt.of(h.epochs[h.size() - 1]);
    }

    EpochEnd endOffsetFor(int epoch, long logEndOffset) {
        History h = history;
        int n = h.size();
        if (n == 0 || epoch < 0 || epoch > h.epochs[n - 1]) {
            return EpochEnd.UNKNOWN;
        }
        if (epoch == h.epochs[n - 1]) {
            return new EpochEnd(epoch, logEndOffset);
        }
        int i = Arrays.binarySearch(h.epochs, epoch);
        int floor = i >= 0 ? i : -i - 2;
        return new EpochEnd(floor < 0 ? epoch : h.epochs[floor], h.starts[floor + 1]);
    }

    OptionalInt epochFor(long offset) {
        History h = history;
        int i = Arrays.binarySearch(h.starts, offset);
        int floor = i >= 0 ? i : -i - 2;
        return floor < 0 ? OptionalInt.empty() : OptionalInt.of(h.epochs[floor]);
    }

    /** Forgets epochs that start at or behind {@code endOffset}. */
    void truncateFromEnd(long endOffset) {
        History h = history;
        int n = h.size();
        while (n > 0 && h.starts[n - 1] >= endOffset) {
            n--;
        }
        if (n < h.size()) {
            history = h.slice(0, n);
            dirty = true;
        }
    }

    /** Forgets epochs that ended before {@code startOffset}; the one at it starts there now. */
    void truncateFromStart(long startOffset) {
        History h = history;
        int first = 0;
        while (first + 1 < h.size() && h.starts[first + 1] <= startOffset) {
            first++;
        }
        if (h.size() > 0 && h.starts[first] < startOffset) {
            History shorter = h.slice(first, h.size());
            shorter.starts[0] = startOffset;
            history = shorter;
            dirty = true;
        }
    }

    boolean dirty() {
        return dirty;
    }

    void write(boolean durable) throws IOException {
        if (!dirty) {
            return;
        }
        dirty = false;
        History h = history;
        StringBuilder text = new StringBuilder("0\n").append(h.size()).append('\n');
        for (int i = 0; i < h.size(); i++) {
            text.append(h.epochs[i]).append(' ').append(h.starts[i]).append('\n');
        }
        disk.replace(file, text.toString().getBytes(StandardCharsets.UTF_8), durable);
    }
}
