package org.milena.broker.ejb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Phase;

class StartPhaseTest {

    @Test
    void theSummaryTellsWhenEachPhaseWentAndTheWholeFromTheFirstBeginToTheLastEnd() {
        List<Phase> phases = List.of(new Phase("server", 10_000, 12_000), new Phase("metadata", 12_100, 13_400), new Phase("logs", 12_110, 12_500));
        assertThat(StartPhase.summary(phases)).isEqualTo("3400 ms (server 0-2000, metadata 2100-3400, logs 2110-2500)");
        assertThat(StartPhase.summary(List.of())).isEmpty();
    }

    @Test
    void aPhaseThatFailsIsUndoneAndNotReported() {
        StringBuilder undone = new StringBuilder();
        assertThatThrownBy(() -> StartPhase.run(new Parts(), "doomed", () -> {
            throw new IllegalStateException("on purpose");
        }, () -> undone.append("yes"))).hasMessage("on purpose");
        assertThat(undone).hasToString("yes");
        StartPhase.run(new Parts(), "fine", () -> { }, () -> undone.append("no"));
        assertThat(BrokerStatus.current().phases()).extracting(Phase::name).contains("fine").doesNotContain("doomed");
        assertThat(undone).hasToString("yes");
    }

    @Test
    void aFailureUndoesWhatHasStartedAndWhatStartsBesideIt() {
        Parts parts = new Parts();
        List<String> undone = new ArrayList<>();
        StartPhase.run(parts, "first", () -> { }, () -> undone.add("first"));
        StartPhase.run(parts, "second", () -> { }, () -> undone.add("second"));
        StartPhase.run(parts, "slow", () -> assertThatThrownBy(() -> StartPhase.run(parts, "doomed", () -> {
            throw new IllegalStateException("on purpose");
        }, () -> undone.add("doomed"))), () -> undone.add("slow"));
        assertThat(undone).containsExactly("doomed", "second", "first", "slow");
    }

    @Test
    void outsideOfAServerThatUnpacksLibrariesItsPhaseIsNotKnown() {
        assertThat(ServerPhase.until(System.currentTimeMillis())).isEmpty();
    }
}
