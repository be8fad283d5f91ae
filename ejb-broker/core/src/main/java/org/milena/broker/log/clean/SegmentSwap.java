package org.milena.broker.log.clean;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.milena.broker.log.Disk;
import org.milena.broker.log.validate.BatchCursor;

/**
 * How a compacted segment takes its sources' place without a moment at which a crash could lose a record. File names
 * are Kafka's: written as {@code .cleaned}, complete as {@code .swap}, sources leave as {@code .deleted}.
 *
 * <ol>
 * <li>The four {@code .cleaned} files are on disk. A crash: they are deleted, the sources are whole.
 * <li>{@link #prepare} renames them to {@code .swap}, the {@code .log} last. A crash before that one: all deleted. After
 *     it: the new segment is complete and wins.
 * <li>The log renames the sources to {@code .deleted}.
 * <li>{@link #finish} takes {@code .swap} off, the {@code .log} last. A crash: {@link #recover} repeats steps 3 and 4.
 * </ol>
 *
 * <p>All four files always exist, so that a renamed one can't be mistaken for a source's.
 */
public final class SegmentSwap {
    static final String LOG = ".log";
    static final String INDEX = ".index";
    static final String TIME_INDEX = ".timeindex";
    static final String TXN_INDEX = ".txnindex";
    static final String CLEANED = ".cleaned";
    static final String SWAP = ".swap";
    private static final List<String> LOG_LAST = List.of(INDEX, TIME_INDEX, TXN_INDEX, LOG);

    private SegmentSwap() {
    }

    static Path file(Path directory, long baseOffset, String suffix) {
        return directory.resolve(String.format("%020d", baseOffset) + suffix);
    }

    /** Step 2; from its end on there is no way back. */
    public static void prepare(Disk disk, Path directory, long baseOffset) throws IOException {
        for (String suffix : LOG_LAST) {
            if (suffix.equals(LOG)) {
                disk.syncDirectory(directory);
            }
            disk.rename(file(directory, baseOffset, suffix + CLEANED), file(directory, baseOffset, suffix + SWAP));
        }
        disk.syncDirectory(directory);
    }

    /** Step 4. The sources' files must have been renamed away, or are replaced where they bear the same name. */
    public static void finish(Disk disk, Path directory, long baseOffset) throws IOException {
        disk.syncDirectory(directory);
        for (String suffix : LOG_LAST) {
            Path swap = file(directory, baseOffset, suffix + SWAP);
            if (suffix.equals(LOG)) {
                disk.syncDirectory(directory);
            }
            if (disk.exists(swap)) {
                disk.rename(swap, file(directory, baseOffset, suffix));
            }
        }
        disk.syncDirectory(directory);
    }

    /**
     * Ends what a crash interrupted; call for a partition's directory before its segments are opened.
     *
     * @return base offsets of the segments that took their place now; the log must not trust a recovery point that lies
     *         above them for more than it trusts the rest
     */
    public static List<Long> recover(Disk disk, Path directory) throws IOException {
        List<Long> completed = new ArrayList<>();
        List<Path> files = disk.list(directory);
        for (Path path : files) {
            String name = path.getFileName().toString();
            if (name.endsWith(LOG + SWAP)) {
                completed.add(baseOffset(name));
            }
        }
        for (Path path : files) {
            String name = path.getFileName().toString();
            boolean strayIndex = name.endsWith(SWAP) && !completed.contains(baseOffset(name));
            if (name.endsWith(CLEANED) || strayIndex) {
                disk.delete(path);
            }
        }
        for (long base : completed) {
            deleteSources(disk, directory, base, lastOffset(disk, file(directory, base, LOG + SWAP), base));
            finish(disk, directory, base);
        }
        return completed;
    }

    private static long baseOffset(String name) {
        return Long.parseLong(name.substring(0, name.indexOf('.')));
    }

    /**
     * Sources start within the offsets of the new segment. One that starts behind its last surviving record may be left:
     * it holds only what the new segment's map had a newer record for, and the next cleaning takes it.
     */
    private static void deleteSources(Disk disk, Path directory, long base, long last) throws IOException {
        for (Path path : disk.list(directory)) {
            String name = path.getFileName().toString();
            boolean segmentFile = LOG_LAST.stream().anyMatch(suffix -> name.length() == 20 + suffix.length() && name.endsWith(suffix));
            if (segmentFile && baseOffset(name) > base && baseOffset(name) <= last) {
                disk.delete(path);
            }
        }
    }

    private static long lastOffset(Disk disk, Path log, long base) throws IOException {
        long last = base;
        try (Disk.Handle handle = disk.open(log, Disk.Mode.READ)) {
            ByteBuffer header = ByteBuffer.allocate(BatchCursor.RECORDS_OFFSET);
            long size = handle.size();
            for (long position = 0; position + BatchCursor.RECORDS_OFFSET <= size; ) {
                handle.read(header.clear(), position);
                last = header.getLong(0) + header.getInt(BatchCursor.LAST_OFFSET_DELTA_OFFSET);
                int length = header.getInt(BatchCursor.LENGTH_OFFSET);
                if (length < BatchCursor.RECORDS_OFFSET - BatchCursor.LOG_OVERHEAD) {
                    throw new IOException("Damaged compacted segment " + log + " at position " + position + ": a batch claims " + length
                        + " bytes. Nothing was changed; the segments it replaces are beside it.");
                }
                position += BatchCursor.LOG_OVERHEAD + length;
            }
        }
        return last;
    }
}
