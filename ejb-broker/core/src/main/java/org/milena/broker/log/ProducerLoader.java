package org.milena.broker.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import org.apache.kafka.common.TopicPartition;

/** Brings the producer states to the log end: the newest whole snapshot, and the batches behind it. */
final class ProducerLoader {

    private static final System.Logger LOG = System.getLogger(ProducerLoader.class.getName());

    private final Disk disk;
    private final TopicPartition partition;
    private final Path path;
    private final NavigableMap<Long, LogSegment> segments;
    private final ProducerStates producers;
    private long rebuildFrom = Long.MAX_VALUE;

    ProducerLoader(Disk disk, TopicPartition partition, Path path, NavigableMap<Long, LogSegment> segments, ProducerStates producers) {
        this.disk = disk;
        this.partition = partition;
        this.path = path;
        this.segments = segments;
        this.producers = producers;
    }

    /**
     * @param unscannedEnd batches from here on may not have reached the disk, nor the index of aborted transactions, which is made
     *                     anew; what it says of those below did, and is left as it is. {@link Long#MAX_VALUE} after a clean stop
     */
    void load(long start, long end, long unscannedEnd) throws IOException {
        producers.clear();
        rebuildFrom = unscannedEnd;
        Long floorRecovered = segments.floorKey(unscannedEnd);
        Long firstRecovered = unscannedEnd == Long.MAX_VALUE ? null : floorRecovered == null ? segments.firstKey() : floorRecovered;
        if (firstRecovered != null) {
            for (LogSegment segment : segments.tailMap(firstRecovered, true).values()) {
                segment.aborted().truncate(unscannedEnd);
            }
        }
        long from = loadSnapshot(end);
        if (from < end) {
            Long floor = segments.floorKey(from);
            for (LogSegment segment : segments.tailMap(floor == null ? segments.firstKey() : floor, true).values()) {
                replay(segment, Math.max(from, start));
            }
        }
        producers.loaded();
    }

    private void replay(LogSegment segment, long from) throws IOException {
        Disk.Handle handle = segment.log().acquire();
        try {
            int position = segment.floorPosition(Math.max(from, segment.baseOffset()));
            SegmentScanner scanner = new SegmentScanner(handle, SegmentScanner.NOT, segment.baseOffset(), false);
            int end = scanner.scan(position, segment.size(), (b, at, p, bytes) -> {
                if (BatchHeader.magic(b, at) == 2 && BatchHeader.baseOffset(b, at) >= from) {
                    AbortedTransactions.Entry aborted = producers.apply(b, at);
                    if (aborted != null && BatchHeader.baseOffset(b, at) >= rebuildFrom) {
                        segment.aborted().append(aborted);
                    }
                }
            });
            if (end < segment.size()) {
                throw segment.damaged(end, scanner.damage());
            }
        } finally {
            segment.log().release();
        }
    }

    /** Loads the newest whole snapshot at or below the log end and removes later ones; returns its offset, or the log's first. */
    private long loadSnapshot(long end) throws IOException {
        for (long offset : snapshots(disk, path)) {
            Path file = ProducerSnapshots.file(path, offset);
            if (offset > end) {
                disk.delete(file);
                continue;
            }
            if (offset > rebuildFrom) {
                continue;
            }
            try {
                producers.load(ProducerSnapshots.read(disk, file));
                return offset;
            } catch (ProducerSnapshots.DamagedException e) {
                LOG.log(System.Logger.Level.WARNING, "{0}: {1}; an older one or the log itself is read instead", partition, e.getMessage());
                disk.delete(file);
            }
        }
        return segments.firstKey();
    }

    static void deleteSnapshotsBefore(long start, Disk disk, Path path) throws IOException {
        for (long offset : snapshots(disk, path)) {
            if (offset < start) {
                disk.delete(ProducerSnapshots.file(path, offset));
            }
        }
    }

    /** Offsets of the snapshot files, newest first. */
    static List<Long> snapshots(Disk disk, Path path) throws IOException {
        List<Long> offsets = new ArrayList<>();
        for (Path file : disk.list(path)) {
            String name = file.getFileName().toString();
            if (name.endsWith(ProducerSnapshots.SUFFIX)) {
                offsets.add(Long.parseLong(name.substring(0, name.length() - ProducerSnapshots.SUFFIX.length())));
            }
        }
        offsets.sort(Comparator.reverseOrder());
        return offsets;
    }
}
