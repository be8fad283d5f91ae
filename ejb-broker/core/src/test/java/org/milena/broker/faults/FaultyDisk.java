package org.milena.broker.faults;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.milena.broker.log.Disk;
import org.milena.broker.log.NioDisk;

/** The real disk, with directories whose writes and fsyncs block or fail for as long as a test wants. Reads go on. */
final class FaultyDisk implements Disk {

    private final Disk disk = new NioDisk();
    private final Map<Path, CountDownLatch> stalled = new ConcurrentHashMap<>();
    private final Map<Path, String> failing = new ConcurrentHashMap<>();
    private final AtomicInteger held = new AtomicInteger();

    /** Every write below {@code root} blocks until {@link #heal}. */
    void stall(Path root) {
        stalled.put(root, new CountDownLatch(1));
    }

    /** Every write below {@code root} throws an IOException. */
    void fail(Path root, String message) {
        failing.put(root, message);
    }

    void heal(Path root) {
        failing.remove(root);
        CountDownLatch latch = stalled.remove(root);
        if (latch != null) {
            latch.countDown();
        }
    }

    /** Threads that are blocked in a stalled directory now. */
    int held() {
        return held.get();
    }

    private void gate(Path path) throws IOException {
        for (var entry : stalled.entrySet()) {
            if (path.startsWith(entry.getKey())) {
                held.incrementAndGet();
                awaitUninterruptibly(entry.getValue());
                held.decrementAndGet();
            }
        }
        for (var entry : failing.entrySet()) {
            if (path.startsWith(entry.getKey())) {
                throw new IOException(entry.getValue());
            }
        }
    }

    /** As a system call on a disk that hangs: no interrupt ends it. */
    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public Handle open(Path file, Mode mode) throws IOException {
        if (mode == Mode.CREATE) {
            gate(file);
        }
        return new FaultyHandle(file, disk.open(file, mode));
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        return disk.list(directory);
    }

    @Override
    public boolean exists(Path path) {
        return disk.exists(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return disk.isDirectory(path);
    }

    @Override
    public long size(Path file) throws IOException {
        return disk.size(file);
    }

    @Override
    public long lastModified(Path file) throws IOException {
        return disk.lastModified(file);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        gate(directory);
        disk.createDirectories(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        gate(from);
        disk.rename(from, to);
    }

    @Override
    public void delete(Path path) throws IOException {
        gate(path);
        disk.delete(path);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        gate(directory);
        disk.syncDirectory(directory);
    }

    @Override
    public long usableSpace(Path directory) throws IOException {
        return disk.usableSpace(directory);
    }

    @Override
    public Closeable lock(Path file) throws IOException {
        return disk.lock(file);
    }

    private final class FaultyHandle implements Handle {
        private final Path path;
        private final Handle file;

        FaultyHandle(Path path, Handle file) {
            this.path = path;
            this.file = file;
        }

        @Override
        public int read(ByteBuffer into, long position) throws IOException {
            return file.read(into, position);
        }

        @Override
        public void write(ByteBuffer from, long position) throws IOException {
            gate(path);
            file.write(from, position);
        }

        @Override
        public long transferTo(long position, long length, WritableByteChannel target) throws IOException {
            return file.transferTo(position, length, target);
        }

        @Override
        public void force() throws IOException {
            gate(path);
            file.force();
        }

        @Override
        public void truncate(long size) throws IOException {
            gate(path);
            file.truncate(size);
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
