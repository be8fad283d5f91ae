package org.milena.broker.metrics;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;
import org.milena.broker.log.Disk;
import org.milena.broker.time.BrokerClock;

/** A disk whose fsyncs of files are timed; one that fails is told too. Everything else passes through. */
public final class MeasuredDisk implements Disk {

    private final Disk disk;
    private final BrokerClock clock;
    private final FlushListener listener;

    public MeasuredDisk(Disk disk, BrokerClock clock, FlushListener listener) {
        this.disk = disk;
        this.clock = clock;
        this.listener = listener;
    }

    @Override
    public Handle open(Path file, Mode mode) throws IOException {
        return new MeasuredHandle(disk.open(file, mode));
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
        disk.createDirectories(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        disk.rename(from, to);
    }

    @Override
    public void delete(Path path) throws IOException {
        disk.delete(path);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
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

    private final class MeasuredHandle implements Handle {
        private final Handle file;

        MeasuredHandle(Handle file) {
            this.file = file;
        }

        @Override
        public int read(ByteBuffer into, long position) throws IOException {
            return file.read(into, position);
        }

        @Override
        public void write(ByteBuffer from, long position) throws IOException {
            file.write(from, position);
        }

        @Override
        public long transferTo(long position, long length, WritableByteChannel target) throws IOException {
            return file.transferTo(position, length, target);
        }

        @Override
        public void force() throws IOException {
            long before = clock.nanoTime();
            try {
                file.force();
            } finally {
                listener.flushed(clock.nanoTime() - before);
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            file.truncate(size);
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void moved(Path target) {
            file.moved(target);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
