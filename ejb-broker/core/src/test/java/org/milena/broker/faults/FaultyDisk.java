package org.milena.broker.faults;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.milena.broker.log.DelegatingDisk;
import org.milena.broker.log.NioDisk;

/** The real disk, with directories whose writes and fsyncs block or fail for as long as a test wants. Reads go on. */
final class FaultyDisk extends DelegatingDisk {

    private final Map<Path, CountDownLatch> stalled = new ConcurrentHashMap<>();
    private final Map<Path, String> failing = new ConcurrentHashMap<>();
    private final AtomicInteger held = new AtomicInteger();

    FaultyDisk() {
        super(new NioDisk());
    }

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
        return new FaultyHandle(file, super.open(file, mode));
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        gate(directory);
        super.createDirectories(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        gate(from);
        super.rename(from, to);
    }

    @Override
    public void delete(Path path) throws IOException {
        gate(path);
        super.delete(path);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        gate(directory);
        super.syncDirectory(directory);
    }

    private final class FaultyHandle extends DelegatingHandle {
        private final Path path;

        FaultyHandle(Path path, Handle file) {
            super(file);
            this.path = path;
        }

        @Override
        public void write(ByteBuffer from, long position) throws IOException {
            gate(path);
            super.write(from, position);
        }

        @Override
        public void force() throws IOException {
            gate(path);
            super.force();
        }

        @Override
        public void truncate(long size) throws IOException {
            gate(path);
            super.truncate(size);
        }
    }
}
