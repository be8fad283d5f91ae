package org.milena.broker.log;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * Everything the log asks of a file system, so that a simulation can lose, tear and refuse what a real disk may.
 * Implementations are thread-safe; every method may block for as long as the device does.
 */
public interface Disk {

    /** How a file is opened. Every mode can read. */
    enum Mode { READ, WRITE, CREATE }

    /** An open file. All access is positional, so that one handle serves a writer and many readers. */
    interface Handle extends Closeable {

        /** Reads until {@code into} is full or the file ends; returns the bytes read, 0 at or past the end. */
        int read(ByteBuffer into, long position) throws IOException;

        /** Writes all of {@code from}. After an exception any part of it may have been written. */
        void write(ByteBuffer from, long position) throws IOException;

        /** May send less than {@code length} when the target takes no more; 0 is not an error. */
        long transferTo(long position, long length, WritableByteChannel target) throws IOException;

        /** Returns once content and size are on stable storage. */
        void force() throws IOException;

        void truncate(long size) throws IOException;

        long size() throws IOException;

        /** The open file has another name now. */
        default void moved(Path target) {
        }
    }

    /** @throws FileNotFoundException the file does not exist (modes READ and WRITE) */
    Handle open(Path file, Mode mode) throws IOException;

    /** The entries of a directory, in no order. */
    List<Path> list(Path directory) throws IOException;

    boolean exists(Path path);

    boolean isDirectory(Path path);

    long size(Path file) throws IOException;

    /** Milliseconds since the epoch. */
    long lastModified(Path file) throws IOException;

    void createDirectories(Path directory) throws IOException;

    /** Atomic; replaces an existing file. Durable after {@link #syncDirectory} of the parents. */
    void rename(Path from, Path to) throws IOException;

    /** Deletes a file or an empty directory; missing is fine. */
    void delete(Path path) throws IOException;

    /** Makes creations, renames and deletions inside the directory durable. */
    void syncDirectory(Path directory) throws IOException;

    /** Bytes this process may still write. */
    long usableSpace(Path directory) throws IOException;

    /** Takes the exclusive lock that tells two brokers apart; @throws IOException somebody else holds it. */
    Closeable lock(Path file) throws IOException;

    default byte[] readAll(Path file) throws IOException {
        try (Handle handle = open(file, Mode.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(handle.size()));
            int read = handle.read(bytes, 0);
            return read == bytes.capacity() ? bytes.array() : java.util.Arrays.copyOf(bytes.array(), read);
        }
    }

    /** Replaces a small file as a whole: after a crash it holds the old or the new bytes. {@code durable} syncs file and directory. */
    default void replace(Path file, byte[] bytes, boolean durable) throws IOException {
        put(file, bytes, durable);
        if (durable) {
            syncDirectory(file.getParent());
        }
    }

    /** Like {@link #replace}, but whoever puts several files into a directory syncs it himself, once. */
    default void put(Path file, byte[] bytes, boolean durable) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try (Handle handle = open(temporary, Mode.CREATE)) {
            handle.truncate(0);
            handle.write(ByteBuffer.wrap(bytes), 0);
            if (durable) {
                handle.force();
            }
        }
        rename(temporary, file);
    }

    default void deleteRecursively(Path path) throws IOException {
        if (isDirectory(path)) {
            for (Path child : list(path)) {
                deleteRecursively(child);
            }
        }
        delete(path);
    }
}
