package org.milena.broker.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.RetriableException;
import org.junit.jupiter.api.Test;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.metrics.Fakes;

class DiskSpaceGuardTest {

    private final Fakes.Directory disk = new Fakes.Directory("/data/a");
    private final Fakes.Directory other = new Fakes.Directory("/data/b");
    private long minFree = 1000;
    private final DiskSpaceGuard guard = new DiskSpaceGuard(List.of(disk, other), () -> minFree, d -> ((Fakes.Directory) d).usable);

    @Test
    void clientsAreRefusedBelowTheMinimumWithAnErrorThatProducersRetry() {
        free(999);
        assertThatThrownBy(() -> guard.check(disk, AppendOrigin.CLIENT)).isInstanceOf(NotEnoughReplicasException.class)
                .isInstanceOf(RetriableException.class)
                .hasMessage("Log directory /data/a is almost full: 999 bytes are free, milena.log.dir.min.free is 1000; "
                        + "nothing was appended, retry when there is space again");
        assertThat(guard.refusals()).singleElement().asString().startsWith("Log directory /data/a is almost full");
        guard.check(other, AppendOrigin.CLIENT);
    }

    @Test
    void theBrokersOwnRecordsGoOnDownToAQuarter() {
        free(250);
        guard.check(disk, AppendOrigin.COORDINATOR);
        guard.check(disk, AppendOrigin.REPLICATION);
        free(249);
        assertThatThrownBy(() -> guard.check(disk, AppendOrigin.COORDINATOR)).isInstanceOf(NotEnoughReplicasException.class);
        assertThatThrownBy(() -> guard.check(disk, AppendOrigin.CLIENT)).isInstanceOf(NotEnoughReplicasException.class);
    }

    @Test
    void opensAgainByItselfAndDoesNotFlutter() {
        free(999);
        free(1001);
        assertThat(open()).as("just above the minimum").isFalse();
        free(1124);
        assertThat(open()).isFalse();
        free(1125);
        assertThat(open()).as("an eighth above the minimum").isTrue();
        free(1000);
        assertThat(open()).as("still not below the minimum").isTrue();
        assertThat(guard.refusals()).isEmpty();
    }

    @Test
    void aDiskThatDoesNotAnswerIsAskedOnceAndHoldsUpNobody() {
        guard.sample();
        guard.sample();
        guard.sample();
        assertThat(disk.work).hasSize(1);
        other.usable = 10;
        other.runAll();
        assertThatThrownBy(() -> guard.check(other, AppendOrigin.CLIENT)).isInstanceOf(NotEnoughReplicasException.class);
        disk.runAll();
        guard.sample();
        assertThat(disk.work).hasSize(1);
    }

    @Test
    void aFailedQuestionChangesNothingAndIsAskedAgain() {
        DiskSpaceGuard failing = new DiskSpaceGuard(List.of(disk), () -> minFree, d -> {
            throw new IllegalStateException("no answer");
        });
        failing.sample();
        disk.runAll();
        assertThatCode(() -> failing.check(disk, AppendOrigin.CLIENT)).doesNotThrowAnyException();
        failing.sample();
        assertThat(disk.work).hasSize(1);
    }

    @Test
    void anOfflineDirectoryIsNotAsked() {
        disk.failure = "it broke";
        guard.sample();
        assertThat(disk.work).isEmpty();
    }

    @Test
    void zeroSwitchesTheGuardOffAtTheNextSample() {
        free(1);
        assertThat(open()).isFalse();
        minFree = 0;
        free(0);
        assertThat(open()).isTrue();
    }

    private boolean open() {
        return guard.states().get(0).clientsMayWrite();
    }

    private void free(long bytes) {
        disk.usable = bytes;
        guard.sample();
        disk.runAll();
    }
}
