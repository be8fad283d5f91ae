package org.milena.broker.log;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.milena.broker.time.BrokerClock;

/**
 * What a {@link FileLogManager} is given.
 *
 * @param logDirs              {@code log.dirs}, created when missing
 * @param nodeId               {@code node.id}; a directory of another node is refused
 * @param executors            the threads of each directory
 * @param recovery             runs the opening of partitions at start, several at a time
 * @param maxOpenFiles         budget of segment and index files kept open, over all directories
 * @param producerExpirationMs {@code producer.id.expiration.ms}
 * @param defaults             configuration of logs found at start until metadata gives them theirs; they are held until then
 */
public record LogManagerOptions(List<Path> logDirs, int nodeId, Disk disk, BrokerClock clock, Function<Path, DirectoryExecutor> executors,
                                Executor recovery, int maxOpenFiles, long producerExpirationMs, LogConfig defaults) {
}
