package org.milena.broker.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.milena.broker.log.clean.LogCleaner;
import org.milena.broker.log.validate.RecordValidators;

/** A log directory with its disk, its open files and its flusher. */
final class FileLogDirectory implements LogDirectory {

    private static final System.Logger LOG = System.getLogger(FileLogDirectory.class.getName());

    private final Path path;
    private final FilePool files;
    private final DirectoryExecutor executor;
    private final DirectoryFlusher flusher = new DirectoryFlusher(this);
    private final DirectoryCheckpoints checkpoints = new DirectoryCheckpoints(this);
    private final Trash trash;
    private final long producerExpirationMs;
    private final RecordValidators validators = new RecordValidators(8);
    private final AtomicReference<String> failure = new AtomicReference<>();
    private volatile LogCleaner cleaner;
    private volatile boolean holdsDamage;
    private volatile Uuid id = Uuid.ZERO_UUID;
    private Closeable lock = () -> { };

    FileLogDirectory(Path path, FilePool files, DirectoryExecutor executor, long producerExpirationMs) {
        this.path = path;
        this.files = files;
        this.executor = executor;
        this.trash = new Trash(files.disk());
        this.producerExpirationMs = producerExpirationMs;
    }

    Disk disk() {
        return files.disk();
    }

    FilePool files() {
        return files;
    }

    DirectoryCheckpoints checkpoints() {
        return checkpoints;
    }

    RecordValidators validators() {
        return validators;
    }

    Trash trash() {
        return trash;
    }

    long producerExpirationMs() {
        return producerExpirationMs;
    }

    /** From now on {@link LogManager#cleanOnce} compacts. */
    void compactWith(LogCleaner logCleaner) {
        cleaner = logCleaner;
    }

    LogCleaner cleaner() {
        return cleaner;
    }

    void truncated(TopicPartition partition, long offset) throws IOException {
        LogCleaner c = cleaner;
        if (c != null) {
            c.truncated(partition, offset);
        }
    }

    void deleted(TopicPartition partition) throws IOException {
        LogCleaner c = cleaner;
        if (c != null) {
            c.deleted(partition);
        }
    }

    /** A partition of this directory did not open. */
    void stepAside() {
        holdsDamage = true;
    }

    /** Then the stop is not marked clean: the next start must look at the damage again, not trust it. */
    boolean holdsDamage() {
        return holdsDamage;
    }

    /** Against other brokers, until {@link #unlock}. */
    synchronized void lock() throws IOException {
        lock = disk().lock(path.resolve(LogNames.LOCK));
    }

    synchronized void unlock() {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "Releasing the lock of log directory " + path + " failed", e);
        }
        lock = () -> { };
    }

    void identify(Uuid directoryId) {
        id = directoryId;
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Uuid id() {
        return id;
    }

    @Override
    public boolean online() {
        return failure.get() == null;
    }

    @Override
    public Optional<String> failure() {
        return Optional.ofNullable(failure.get());
    }

    @Override
    public DirectoryExecutor executor() {
        return executor;
    }

    @Override
    public DirectoryFlusher groupCommit() {
        return flusher;
    }

    @Override
    public long usableSpace() {
        try {
            return disk().usableSpace(path);
        } catch (IOException e) {
            throw fail("asking for free space", e);
        }
    }

    @Override
    public int openFiles() {
        return files.openFiles();
    }

    @Override
    public boolean filesScarce() {
        return files.scarce();
    }

    void ensureOnline() {
        String why = failure.get();
        if (why != null) {
            throw new KafkaStorageException(why);
        }
    }

    /** Takes the directory offline, for good; the first failure is the one that is told. */
    KafkaStorageException fail(String doing, Throwable cause) {
        String why = "Log directory " + path + " is offline since " + doing + " failed: " + cause;
        if (failure.compareAndSet(null, why)) {
            LOG.log(System.Logger.Level.ERROR, why, cause);
        }
        return new KafkaStorageException(failure.get(), cause);
    }

    /** As {@link #fail}, of a disk that does not answer. */
    void giveUp(String why) {
        if (failure.compareAndSet(null, why)) {
            LOG.log(System.Logger.Level.WARNING, why);
        }
    }
}
