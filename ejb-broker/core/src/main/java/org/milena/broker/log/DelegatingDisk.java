package org.milena.broker.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;

/** Does everything on another disk: for those that add to a few operations, and leave the others as they are. */
public class DelegatingDisk implements Disk {

    private final Disk disk;

    public DelegatingDisk(Disk disk) {
        this.disk = disk;
    }

    @Override
    public Handle open(Path file, Mode mode) throws IOException {
        return disk.open(file, mode);
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

    /** The same for an open file. */
    public static class DelegatingHandle implements Handle {

        private final Handle handle;

        public DelegatingHandle(Handle handle) {
            this.handle = handle;
        }

        @Override
        public int read(ByteBuffer into, long position) throws IOException {
            return handle.read(into, position);
        }

        @Override
        public void write(ByteBuffer from, long position) throws IOException {
            handle.write(from, position);
        }

        @Override
        public long transferTo(long position, long length, WritableByteChannel target) throws IOException {
            return handle.transferTo(position, length, target);
        }

        @Override
        public void force() throws IOException {
            handle.force();
        }

        @Override
        public void truncate(long size) throws IOException {
            handle.truncate(size);
        }

        @Override
        public long size() throws IOException {
            return handle.size();
        }

        @Override
        public void moved(Path target) {
            handle.moved(target);
        }

        @Override
        public void close() throws IOException {
            handle.close();
        }
    }
}
