package org.milena.broker;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.group.GroupSummary;
import org.milena.broker.metrics.prometheus.GroupSource;

/** The groups for a scrape: what the coordinator last said, and a new question for the next scrape. Never waits. */
final class GroupSummaries implements GroupSource {

    private final GroupCoordinator groups;
    private CompletableFuture<List<GroupSummary>> asked;
    private volatile Collection<GroupSnapshot> last = List.of();

    GroupSummaries(GroupCoordinator groups) {
        this.groups = groups;
    }

    @Override
    public synchronized Collection<GroupSnapshot> groups() {
        if (asked == null || asked.isDone()) {
            asked = groups.summaries();
            asked.thenAccept(all -> last = all.stream()
                    .map(g -> new GroupSnapshot(g.groupId(), g.state(), g.members(), g.offsets())).toList());
        }
        return last;
    }
}
