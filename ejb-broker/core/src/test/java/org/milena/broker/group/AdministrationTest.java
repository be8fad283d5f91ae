package org.milena.broker.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.group.GroupFixture.version;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

/** List, describe, delete, and what metrics see. */
class AdministrationTest {

    private final GroupFixture f = new GroupFixture();

    private List<String> list(List<String> states, List<String> types) {
        return f.world.get(f.coordinator.listGroups(new ListGroupsRequestData().setStatesFilter(states).setTypesFilter(types))).groups().stream()
                .map(g -> g.groupId() + " " + g.protocolType() + " " + g.groupState() + " " + g.groupType()).toList();
    }

    @Test
    void listsByStateAndType() {
        f.stable(1);
        f.commit(9, GroupFixture.commitRequest("", -1, "t", 0, 1).setGroupId("simple"));
        assertThat(list(List.of(), List.of())).containsExactlyInAnyOrder("g consumer Stable classic", "simple  Empty classic");
        assertThat(list(List.of("stable"), List.of())).containsExactly("g consumer Stable classic");
        assertThat(list(List.of("Dead", "EMPTY"), List.of("Classic"))).containsExactly("simple  Empty classic");
        assertThat(list(List.of(), List.of("consumer", "share"))).isEmpty();
    }

    @Test
    void anUnknownGroupIsDeadAndFromVersion6AnError() {
        var old = f.world.get(f.coordinator.describeGroups(version(5), List.of("none"))).get(0);
        assertThat(old.groupState()).isEqualTo("Dead");
        assertThat(old.errorCode()).isZero();
        var now = f.world.get(f.coordinator.describeGroups(version(6), List.of("none"))).get(0);
        assertThat(now.errorCode()).isEqualTo(Errors.GROUP_ID_NOT_FOUND.code());
        assertThat(now.errorMessage()).isEqualTo("Group none not found.");
    }

    @Test
    void describesProtocolAndAssignmentOfAStableGroup() {
        List<String> ids = f.stable(1);
        var group = f.world.get(f.coordinator.describeGroups(version(6), List.of("g"))).get(0);
        assertThat(group.protocolType()).isEqualTo("consumer");
        assertThat(group.protocolData()).isEqualTo("range");
        assertThat(new String(group.members().get(0).memberAssignment())).isEqualTo(ids.get(0));
        assertThat(group.members().get(0).memberMetadata()).isEqualTo(GroupFixture.subscription("t"));
    }

    @Test
    void deletesOnlyWhatIsEmpty() {
        f.stable(1);
        f.commit(9, GroupFixture.commitRequest("", -1, "t", 0, 1).setGroupId("simple"));
        var results = f.world.get(f.coordinator.deleteGroups(List.of("g", "simple", "none", "", "simple")));
        assertThat(results).extracting(r -> r.groupId() + " " + Errors.forCode(r.errorCode())).containsExactly(
                "g NON_EMPTY_GROUP", "simple NONE", "none GROUP_ID_NOT_FOUND", " GROUP_ID_NOT_FOUND");
        f.restart();
        assertThat(list(List.of(), List.of())).containsExactly("g consumer Stable classic");
    }

    @Test
    void summariesShowLagAndDontWaitForTheDisk() {
        List<String> ids = f.stable(1);
        f.commit(ids.get(0), 1, "t", 0, 40);
        f.log.stall();
        f.commitLater(9, GroupFixture.commitRequest(ids.get(0), 1, "t", 1, 7));
        GroupSummary summary = f.world.get(f.coordinator.summaries()).get(0);
        assertThat(summary.state()).isEqualTo("Stable");
        assertThat(summary.lag(tp -> tp.partition() == 0 ? 100 : -1)).isEqualTo(Map.of(new TopicPartition("t", 0), 60L));
        assertThat(GroupSummary.countsByState(List.of(summary))).isEqualTo(Map.of("classic.Stable", 1L));
    }

    @Test
    void theGroupsPartitionIsKafkas() {
        assertThat(GroupCoordinator.partitionFor("console-consumer-1", 50)).isEqualTo(Math.abs("console-consumer-1".hashCode()) % 50);
        assertThat(GroupCoordinator.partitionFor("polygenelubricants", 50)).as("its hash is Integer.MIN_VALUE").isZero();
    }
}
