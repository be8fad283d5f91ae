package org.milena.broker.log;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/** Which segments at the front of a log nobody keeps any longer: below the log start, too old, or too much. */
final class Retention {

    private Retention() {
    }

    /** @param bound nothing that reaches beyond it is taken */
    static List<LogSegment> due(NavigableMap<Long, LogSegment> segments, PartitionLog log, LogConfig config, long nowMs, long bound)
            throws IOException {
        List<LogSegment> due = new ArrayList<>();
        long surplus = config.cleanupDelete() && config.retentionBytes() >= 0 ? log.size() - config.retentionBytes() : 0;
        for (Map.Entry<Long, LogSegment> entry : segments.entrySet()) {
            LogSegment segment = entry.getValue();
            Map.Entry<Long, LogSegment> next = segments.higherEntry(entry.getKey());
            long end = next == null ? log.logEndOffset() : next.getKey();
            boolean empty = next == null && segment.size() == 0;
            if (empty || end > bound) {
                break;
            }
            boolean belowStart = next != null && end <= log.logStartOffset();
            boolean tooOld = config.cleanupDelete() && config.retentionMs() >= 0
                    && nowMs - segment.retentionTimestamp() > config.retentionMs();
            boolean tooMuch = surplus > 0 && surplus >= segment.size();
            if (!belowStart && !tooOld && !tooMuch) {
                break;
            }
            surplus -= segment.size();
            due.add(segment);
        }
        return due;
    }
}
