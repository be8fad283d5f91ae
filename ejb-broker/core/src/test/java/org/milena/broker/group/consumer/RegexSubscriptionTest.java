package org.milena.broker.group.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidRegularExpression;
import org.junit.jupiter.api.Test;

/** Server-side regular expressions: resolved off the shard's thread, remembered in the log, refreshed with back-off. */
class RegexSubscriptionTest {

    private final GroupHarness shard = new GroupHarness();
    private final Deque<Runnable> background = new ArrayDeque<>();
    private final Uuid foo1 = shard.topic("foo-1", 2);

    RegexSubscriptionTest() {
        shard.background = background::add;
    }

    private TestMember member(String id, String regex) {
        return new TestMember(shard, "g", id).regex(regex);
    }

    /** The background works off what it has; the shard comes for it. */
    private void resolve() {
        while (!background.isEmpty()) {
            background.poll().run();
        }
        shard.advance(Regexes.POLL_MS);
    }

    @Test
    void anExpressionIsResolvedInTheBackgroundAndThenAssigned() {
        TestMember m = member("m", "foo-.*");
        assertThat(m.join().memberEpoch()).as("nobody stays in epoch 0").isEqualTo(1);
        assertThat(m.wanted).isEmpty();
        shard.advance(500);
        m.beat();
        assertThat(m.wanted).as("not resolved yet").isEmpty();
        assertThat(background).as("one resolution at a time").hasSize(1);

        resolve();
        assertThat(shard.group("g").resolved().get("foo-.*").topics()).containsExactly("foo-1");
        assertThat(shard.group("g").epoch()).isEqualTo(2);
        m.beat();
        assertThat(m.wanted).containsOnlyKeys(foo1);
        assertThat(shard.group("g").isSubscribedToTopic("foo-1")).isTrue();
        assertThat(shard.protocol.describe("g").members().get(0).subscribedTopicRegex()).isEqualTo("foo-.*");
    }

    @Test
    void anUnreadableExpressionIsRefused() {
        assertThatThrownBy(() -> member("m", "foo[").join()).isInstanceOf(InvalidRegularExpression.class)
                .hasMessage("SubscribedTopicRegex `foo[` is not a valid regular expression: missing closing ].");
        assertThat(shard.log).isEmpty();
    }

    @Test
    void theWholeNameHasToMatch() {
        shard.topic("a-foo-1-b", 1);
        TestMember m = member("m", "foo-1|b");
        m.join();
        resolve();
        assertThat(shard.group("g").resolved().get("foo-1|b").topics()).containsExactly("foo-1");
    }

    @Test
    void newTopicsAreFoundAfterTheBackOff() {
        TestMember m = member("m", "foo-.*");
        m.join();
        resolve();
        m.beat();
        m.apply();
        shard.topic("foo-2", 1);
        m.beat();
        assertThat(background).as("resolved less than 10 s ago").isEmpty();
        shard.advance(Regexes.BACK_OFF_MS + 1);
        m.beat();
        assertThat(background).hasSize(1);
        resolve();
        m.beat();
        m.apply();
        assertThat(m.count()).isEqualTo(3);
        shard.topic("bar", 1);
        shard.advance(Regexes.BACK_OFF_MS + 1);
        m.beat();
        int epoch = shard.group("g").epoch();
        resolve();
        assertThat(shard.group("g").epoch()).as("same topics, no rebalance").isEqualTo(epoch);
        shard.advance(Regexes.BACK_OFF_MS + 1);
        m.beat();
        assertThat(background).as("nothing new").isEmpty();
    }

    @Test
    void anOldResolutionIsMadeAgain() {
        TestMember m = member("m", "foo-.*");
        m.join();
        resolve();
        for (int i = 0; i < 20; i++) {
            shard.advance(30_000);
            m.beat();
            assertThat(background).hasSize(0);
        }
        shard.advance(30_000);
        m.beat();
        assertThat(background).hasSize(1);
    }

    @Test
    void aKnownExpressionBringsASecondMemberItsShareAtOnce() {
        TestMember a = member("a", "foo-.*");
        a.join();
        resolve();
        a.beat();
        a.apply();
        TestMember b = member("b", "foo-.*");
        b.join();
        assertThat(background).isEmpty();
        TestMember.settle(List.of(a, b), 10);
        assertThat(a.count()).isEqualTo(1);
        assertThat(b.count()).isEqualTo(1);
    }

    @Test
    void anExpressionEndsWithItsLastSubscriber() {
        TestMember a = member("a", "foo-.*");
        TestMember b = member("b", "foo-.*");
        a.join();
        resolve();
        b.join();
        a.leave();
        assertThat(shard.group("g").resolved()).containsOnlyKeys("foo-.*");
        b.regex("");
        b.beatFull();
        assertThat(shard.group("g").resolved()).isEmpty();
        b.regex("foo-1");
        b.beatFull();
        shard.advance(Regexes.BACK_OFF_MS + 1);
        b.beat();
        resolve();
        assertThat(shard.group("g").resolved()).containsOnlyKeys("foo-1");
        b.leave();
        assertThat(shard.group("g").resolved()).isEmpty();
    }

    @Test
    void namesAndExpressionAddUp() {
        Uuid bar = shard.topic("bar", 1);
        TestMember m = new TestMember(shard, "g", "m", "bar").regex("foo-.*");
        m.join();
        assertThat(m.wanted).containsOnlyKeys(bar);
        resolve();
        m.beat();
        m.apply();
        assertThat(m.wanted.keySet()).containsExactlyInAnyOrder(bar, foo1);
        shard.restart();
        m.beat();
        assertThat(m.epoch).isEqualTo(2);
        assertThat(shard.group("g").topicsOf(shard.group("g").member("m"))).isEqualTo(Set.of("bar", "foo-1"));
    }

    @Test
    void aMemberThatLeftMeanwhileIsNotBroughtBackByTheOutcome() {
        TestMember m = member("m", "foo-.*");
        m.join();
        m.leave();
        int written = shard.log.size();
        resolve();
        assertThat(shard.log).hasSize(written);
    }

    @Test
    void groupsShareAResolutionWhileTopicsAreTheSame() {
        AtomicInteger runs = new AtomicInteger();
        RegexResolver resolver = new RegexResolver(task -> {
            runs.incrementAndGet();
            task.run();
        });
        Set<String> first = resolver.resolve(Set.of("foo-.*"), shard.image).join().get("foo-.*");
        Set<String> second = resolver.resolve(Set.of("foo-.*"), shard.image).join().get("foo-.*");
        assertThat(second).isSameAs(first);
        shard.topic("foo-9", 1);
        CompletableFuture<?> third = resolver.resolve(Set.of("foo-.*", "("), shard.image);
        assertThat(third.join()).isEqualTo(new TreeMap<>(java.util.Map.of("foo-.*", Set.of("foo-1", "foo-9"), "(", Set.of())));
        assertThat(runs).hasValue(3);
    }
}
