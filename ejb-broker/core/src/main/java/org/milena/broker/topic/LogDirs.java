package org.milena.broker.topic;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsPartition;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsResult;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsTopic;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.log.PartitionLog;

/** What lies in the log directories. Each is asked for its free space on a thread of its own. */
final class LogDirs {

    private static final TopicPartition ANY = new TopicPartition("free space", 0);

    private final AdminContext context;

    LogDirs(AdminContext context) {
        this.context = context;
    }

    CompletableFuture<DescribeLogDirsResponseData> describe(DescribeLogDirsRequestData request) {
        Set<TopicPartition> asked = null;
        if (request.topics() != null) {
            asked = new HashSet<>();
            for (var topic : request.topics()) {
                for (int partition : topic.partitions()) {
                    asked.add(new TopicPartition(topic.topic(), partition));
                }
            }
        }
        Map<LogDirectory, Map<String, DescribeLogDirsTopic>> found = new HashMap<>();
        for (PartitionLog log : context.logs().logs()) {
            TopicPartition tp = log.topicPartition();
            if (log.directory().online() && (asked == null || asked.contains(tp))) {
                found.computeIfAbsent(log.directory(), d -> new TreeMap<>())
                        .computeIfAbsent(tp.topic(), name -> new DescribeLogDirsTopic().setName(name))
                        .partitions().add(new DescribeLogDirsPartition().setPartitionIndex(tp.partition()).setPartitionSize(log.size())
                                .setOffsetLag(0).setIsFutureKey(false));
            }
        }
        DescribeLogDirsResponseData response = new DescribeLogDirsResponseData();
        List<CompletableFuture<Void>> parts = new ArrayList<>();
        for (LogDirectory directory : context.logs().directories()) {
            DescribeLogDirsResult result = new DescribeLogDirsResult().setLogDir(directory.path().toAbsolutePath().toString());
            found.getOrDefault(directory, Map.of()).values().forEach(result.topics()::add);
            response.results().add(result);
            parts.add(CompletableFuture.runAsync(() -> space(result, directory), directory.executor().forReads(ANY)));
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new)).thenApply(done -> response);
    }

    private static void space(DescribeLogDirsResult result, LogDirectory directory) {
        if (!directory.online()) {
            result.setErrorCode(Errors.KAFKA_STORAGE_ERROR.code());
            return;
        }
        try {
            FileStore store = Files.getFileStore(directory.path());
            result.setTotalBytes(adjust(store.getTotalSpace())).setUsableBytes(adjust(store.getUsableSpace()));
        } catch (IOException e) {
            result.setErrorCode(Errors.KAFKA_STORAGE_ERROR.code());
        }
    }

    /** A size too large for a long comes as a negative one. */
    private static long adjust(long bytes) {
        return bytes < 0 ? Long.MAX_VALUE : bytes;
    }
}
