package org.milena.broker.log;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The real disk. */
public final class NioDisk implements Disk {

    @Override
    public Handle open(Path file, Mode mode) throws IOException {
        return new NioHandle(file, mode);
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        }
    }

    @Override
    public boolean exists(Path path) {
        return Files.exists(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return Files.isDirectory(path);
    }

    @Override
    public long size(Path file) throws IOException {
        return Files.size(file);
    }

    @Override
    public long lastModified(Path file) throws IOException {
        return Files.getLastModifiedTime(file).toMillis();
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        Files.createDirectories(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void delete(Path path) throws IOException {
        Files.deleteIfExists(path);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        try (NioHandle handle = new NioHandle(directory, Mode.READ)) {
            handle.force();
        }
    }

    @Override
    public long usableSpace(Path directory) throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }

    @Override
    public Closeable lock(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean interrupted = Thread.interrupted(); // it would close the channel
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // Held by this very process: the same answer as for another one.
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        channel.close();
        throw new IOException("Another broker is using " + file.getParent() + " (it holds the lock " + file + ")");
    }

    @FunctionalInterface
    private interface Io {
        long run(FileChannel channel) throws IOException;
    }

    /**
     * An interrupt closes a FileChannel under everybody who uses it, and a server interrupts its threads freely. So a channel
     * that was closed by an interrupt is opened again and the operation, being positional, done once more. Where the file has been
     * renamed since, {@link #moved} has told.
     */
    private static final class NioHandle implements Handle {
        private final Mode mode;
        private volatile Path file;
        private volatile FileChannel channel;
        private boolean closed;

        NioHandle(Path file, Mode mode) throws IOException {
            this.file = file;
            this.mode = mode;
            this.channel = openChannel(mode);
        }

        private FileChannel openChannel(Mode how) throws IOException {
            Set<? extends OpenOption> options = switch (how) {
                case READ -> Set.of(StandardOpenOption.READ);
                case WRITE -> Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
                case CREATE -> Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
            };
            try {
                return FileChannel.open(file, options);
            } catch (NoSuchFileException e) {
                throw (FileNotFoundException) new FileNotFoundException(file.toString()).initCause(e);
            }
        }

        private long uninterrupted(Io io) throws IOException {
            boolean interrupted = false;
            try {
                while (true) {
                    FileChannel current = channel;
                    try {
                        return io.run(current);
                    } catch (ClosedByInterruptException e) {
                        interrupted |= Thread.interrupted();
                        reopen(current, e);
                    } catch (ClosedChannelException e) {
                        reopen(current, e);
                    }
                }
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        private synchronized void reopen(FileChannel dead, ClosedChannelException cause) throws IOException {
            if (closed || dead.isOpen()) {
                throw cause;
            }
            if (channel == dead) {
                channel = openChannel(mode == Mode.CREATE ? Mode.WRITE : mode);
            }
        }

        @Override
        public int read(ByteBuffer into, long position) throws IOException {
            int from = into.position();
            return (int) uninterrupted(c -> {
                while (into.hasRemaining()) {
                    if (c.read(into, position + into.position() - from) <= 0) {
                        break;
                    }
                }
                return into.position() - from;
            });
        }

        @Override
        public void write(ByteBuffer from, long position) throws IOException {
            int start = from.position();
            uninterrupted(c -> {
                while (from.hasRemaining()) {
                    c.write(from, position + from.position() - start);
                }
                return 0;
            });
        }

        /** A channel that the target's failure closed is the target's affair: only our own is opened again. */
        @Override
        public long transferTo(long position, long length, WritableByteChannel target) throws IOException {
            return uninterrupted(c -> c.transferTo(position, length, target));
        }

        @Override
        public synchronized void moved(Path target) {
            file = target;
        }

        @Override
        public void force() throws IOException {
            uninterrupted(c -> {
                c.force(false);
                return 0;
            });
        }

        @Override
        public void truncate(long size) throws IOException {
            uninterrupted(c -> {
                c.truncate(size);
                return 0;
            });
        }

        @Override
        public long size() throws IOException {
            return uninterrupted(FileChannel::size);
        }

        @Override
        public synchronized void close() throws IOException {
            closed = true;
            channel.close();
        }
    }
}
