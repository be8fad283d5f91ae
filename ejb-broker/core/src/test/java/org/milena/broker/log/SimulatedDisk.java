package org.milena.broker.log;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A disk in memory that may do what real ones do. A power cut keeps of each file what was forced and any number of the writes behind
 * it, the last of these torn at any byte; of each directory the entries that were synced and any number of the changes behind them,
 * in order. A killed process loses nothing but what it was just writing.
 */
final class SimulatedDisk implements Disk {

    enum Operation { READ, WRITE, FORCE, TRUNCATE, RENAME, SYNC_DIRECTORY }

    /** Looks at each operation before it happens; may throw, and may block. */
    @FunctionalInterface
    interface Fault {
        void before(Operation operation, Path file) throws IOException;
    }

    private interface Change {
        void apply();
    }

    private static final class Content {
        byte[] bytes = new byte[0];
        int length;

        void write(byte[] data, int from, long position) {
            int end = (int) position + from;
            if (end > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(end, bytes.length * 2));
            }
            System.arraycopy(data, 0, bytes, (int) position, from);
            length = Math.max(length, end);
        }

        void truncate(long size) {
            if (size < length) {
                Arrays.fill(bytes, (int) size, length, (byte) 0);
                length = (int) size;
            }
        }

        void copy(Content other) {
            bytes = other.bytes.clone();
            length = other.length;
        }
    }

    /** A write that is not yet on disk; a truncation has no data. */
    private record Pending(long position, byte[] data) {
        void apply(Content content, int bytes) {
            if (data == null) {
                content.truncate(position);
            } else {
                content.write(data, bytes, position);
            }
        }

        int size() {
            return data == null ? 0 : data.length;
        }
    }

    private static final class Inode {
        final Content now = new Content();
        final Content durable = new Content();
        final List<Pending> pending = new ArrayList<>();
    }

    private final Map<Path, Inode> files = new TreeMap<>();
    private final Set<Path> directories = new HashSet<>();
    private final Map<Path, Inode> durableFiles = new HashMap<>();
    private final Map<Path, List<Change>> pendingEntries = new HashMap<>();
    private final Set<Path> locked = new HashSet<>();
    private final AtomicInteger generation = new AtomicInteger();
    private volatile Fault fault = (operation, file) -> { };
    private volatile long capacity = Long.MAX_VALUE;
    private int forces;

    void fault(Fault next) {
        fault = next;
    }

    /** Bytes that fit in all; writes behind that fail after filling what is left. */
    synchronized void capacity(long bytes) {
        capacity = bytes;
    }

    synchronized int forces() {
        return forces;
    }

    synchronized long used() {
        return files.values().stream().mapToLong(i -> i.now.length).sum();
    }

    /** The process dies: handles and locks are gone, the page cache stays. */
    synchronized void kill() {
        generation.incrementAndGet();
        locked.clear();
        fault = (operation, file) -> { };
    }

    synchronized void powerCut(Random random) {
        kill();
        for (List<Change> changes : pendingEntries.values()) {
            changes.subList(0, random.nextInt(changes.size() + 1)).forEach(Change::apply);
        }
        pendingEntries.clear();
        files.clear();
        files.putAll(durableFiles);
        for (Inode inode : new LinkedHashSet<>(files.values())) { // in an order that a seed repeats
            int kept = random.nextInt(inode.pending.size() + 1);
            for (int i = 0; i < kept; i++) {
                Pending p = inode.pending.get(i);
                boolean last = i == kept - 1;
                p.apply(inode.durable, last ? random.nextInt(p.size() + 1) : p.size());
            }
            inode.pending.clear();
            inode.now.copy(inode.durable);
        }
    }

    /** All bytes of all files, to see that nothing was changed. */
    synchronized Map<Path, byte[]> image() {
        Map<Path, byte[]> image = new TreeMap<>();
        files.forEach((path, inode) -> image.put(path, Arrays.copyOf(inode.now.bytes, inode.now.length)));
        return image;
    }

    synchronized void restore(Map<Path, byte[]> image) {
        kill();
        files.clear();
        durableFiles.clear();
        pendingEntries.clear();
        image.forEach((path, bytes) -> {
            Inode inode = new Inode();
            inode.now.write(bytes, bytes.length, 0);
            inode.durable.copy(inode.now);
            files.put(path, inode);
            durableFiles.put(path, inode);
        });
    }

    synchronized void flipBit(Path file, long position, int bit) {
        Inode inode = files.get(file);
        inode.now.bytes[(int) position] ^= (byte) (1 << bit);
        inode.durable.copy(inode.now);
        inode.pending.clear();
    }

    @Override
    public synchronized Handle open(Path file, Mode mode) throws IOException {
        Inode inode = files.get(file);
        if (inode == null) {
            if (mode != Mode.CREATE) {
                throw new FileNotFoundException(file.toString());
            }
            Inode created = new Inode();
            inode = created;
            files.put(file, created);
            entry(file, () -> durableFiles.put(file, created));
        }
        return new SimulatedHandle(file, inode, generation.get());
    }

    private void entry(Path file, Change change) {
        pendingEntries.computeIfAbsent(file.getParent(), p -> new ArrayList<>()).add(change);
    }

    @Override
    public synchronized List<Path> list(Path directory) {
        List<Path> found = new ArrayList<>();
        files.keySet().stream().filter(f -> f.getParent().equals(directory)).forEach(found::add);
        directories.stream().filter(d -> directory.equals(d.getParent())).forEach(found::add);
        return found;
    }

    @Override
    public synchronized boolean exists(Path path) {
        return files.containsKey(path) || directories.contains(path);
    }

    @Override
    public synchronized boolean isDirectory(Path path) {
        return directories.contains(path);
    }

    @Override
    public synchronized long size(Path file) throws IOException {
        Inode inode = files.get(file);
        if (inode == null) {
            throw new FileNotFoundException(file.toString());
        }
        return inode.now.length;
    }

    @Override
    public long lastModified(Path file) {
        return LogFixture.START_MS;
    }

    /** Directories are durable at once: the tests are about what is in them. */
    @Override
    public synchronized void createDirectories(Path directory) {
        for (Path p = directory; p != null; p = p.getParent()) {
            directories.add(p);
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        fault.before(Operation.RENAME, from);
        synchronized (this) {
            if (directories.remove(from)) {
                directories.add(to);
                for (Path file : List.copyOf(files.keySet())) {
                    if (file.startsWith(from)) {
                        move(file, to.resolve(from.relativize(file)));
                    }
                }
            } else if (files.containsKey(from)) {
                move(from, to);
            } else {
                throw new FileNotFoundException(from.toString());
            }
        }
    }

    private void move(Path from, Path to) {
        Inode inode = files.remove(from);
        files.put(to, inode);
        entry(from, () -> {
            durableFiles.remove(from);
            durableFiles.put(to, inode);
        });
    }

    @Override
    public synchronized void delete(Path path) {
        directories.remove(path);
        if (files.remove(path) != null) {
            entry(path, () -> durableFiles.remove(path));
        }
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        fault.before(Operation.SYNC_DIRECTORY, directory);
        synchronized (this) {
            List<Change> changes = pendingEntries.remove(directory);
            if (changes != null) {
                changes.forEach(Change::apply);
            }
        }
    }

    @Override
    public synchronized long usableSpace(Path directory) {
        return capacity - used();
    }

    @Override
    public synchronized Closeable lock(Path file) throws IOException {
        if (!locked.add(file)) {
            throw new IOException("Another broker is using " + file.getParent());
        }
        int mine = generation.get();
        return () -> {
            synchronized (this) {
                if (mine == generation.get()) {
                    locked.remove(file);
                }
            }
        };
    }

    private final class SimulatedHandle implements Handle {
        private final Path file;
        private final Inode inode;
        private final int born;

        SimulatedHandle(Path file, Inode inode, int born) {
            this.file = file;
            this.inode = inode;
            this.born = born;
        }

        private void begin(Operation operation) throws IOException {
            fault.before(operation, file);
            if (born != generation.get()) {
                throw new IOException("The process that opened " + file + " is dead");
            }
        }

        @Override
        public int read(ByteBuffer into, long position) throws IOException {
            begin(Operation.READ);
            synchronized (SimulatedDisk.this) {
                int bytes = (int) Math.max(0, Math.min(into.remaining(), inode.now.length - position));
                into.put(inode.now.bytes, bytes == 0 ? 0 : (int) position, bytes);
                return bytes;
            }
        }

        @Override
        public void write(ByteBuffer from, long position) throws IOException {
            begin(Operation.WRITE);
            synchronized (SimulatedDisk.this) {
                long growth = Math.max(0, position + from.remaining() - inode.now.length);
                long missing = Math.max(0, used() + growth - capacity);
                byte[] data = new byte[(int) Math.max(0, from.remaining() - missing)];
                from.get(data);
                inode.now.write(data, data.length, position);
                inode.pending.add(new Pending(position, data));
                if (missing > 0) {
                    throw new IOException("No space left on device");
                }
            }
        }

        @Override
        public long transferTo(long position, long length, WritableByteChannel target) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate((int) length);
            read(bytes, position);
            return target.write(bytes.flip());
        }

        @Override
        public void force() throws IOException {
            begin(Operation.FORCE);
            synchronized (SimulatedDisk.this) {
                forces++;
                inode.pending.clear();
                inode.durable.copy(inode.now);
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            begin(Operation.TRUNCATE);
            synchronized (SimulatedDisk.this) {
                inode.now.truncate(size);
                inode.pending.add(new Pending(size, null));
            }
        }

        @Override
        public synchronized long size() {
            return inode.now.length;
        }

        @Override
        public void close() {
            // Nothing to give back.
        }
    }
}
