package org.milena.broker.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Honest clients among very many that stall, in simulated time. {@code -Dseed=} repeats a run. */
class RequestMemoryTest {

    private static final int LIMIT = 4 << 20;
    private static final int LARGE = 1 << 20;
    private static final int STEP_MS = 100;
    private static final int STALLED = 300;
    private static final int STALL_AT_MOST = 300_000;
    /** A period, the time to the next sweep, and a second look. */
    private static final long ROUND_MS = TimeUnit.NANOSECONDS.toMillis(Pace.PERIOD_NANOS) + 1_000 + 2 * STEP_MS;

    private final RequestMemory memory = new RequestMemory(LIMIT);
    private final List<SimulatedClient> clients = new ArrayList<>();
    /** What a stalled one has yet to send until it stalls. */
    private final Map<SimulatedClient, Integer> left = new HashMap<>();
    private final Random random;
    private long nowMs;

    RequestMemoryTest() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("RequestMemoryTest: -Dseed=" + seed);
        random = new Random(seed);
    }

    @AfterEach
    void everythingIsGivenBack() {
        clients.forEach(SimulatedClient::close);
        assertThat(memory.used()).isZero();
        assertThat(memory.shortage()).isZero();
    }

    private SimulatedClient client() {
        SimulatedClient client = new SimulatedClient(memory, 64 << 20, () -> TimeUnit.MILLISECONDS.toNanos(nowMs));
        clients.add(client);
        return client;
    }

    /** Sends a part of a large request and no more. */
    private SimulatedClient stalled() {
        SimulatedClient client = client();
        client.begin(random.nextBoolean() ? LARGE : 50 << 20);
        return client;
    }

    private void step() {
        nowMs += STEP_MS;
        Collections.shuffle(clients, random);
        if (nowMs % 1_000 == 0 && memory.shortage() != 0) {
            clients.forEach(SimulatedClient::judge);
        }
        for (SimulatedClient client : clients) {
            client.timePasses(STEP_MS);
            client.turn();
        }
        long byRight = Math.max(LIMIT / 4, clients.size() * (long) ReceiveBuffers.SCARCE);
        assertThat(memory.used()).isLessThanOrEqualTo(LIMIT + byRight + LARGE + ReceiveBuffers.LARGEST + clients.size() * (long) ReceiveBuffers.SCARCE);
    }

    private void answer(SimulatedClient client) {
        while (!client.frames.isEmpty()) {
            client.release(client.frames.poll());
        }
    }

    /** What stalled ones have sent at a time, of which the memory takes so much each round, and doubling. */
    private static long boundMs(long bytes) {
        return ROUND_MS * (2 * (bytes + STALLED * (long) RequestMemory.STEP) / LIMIT + 32 - Integer.numberOfLeadingZeros(STALLED) + 2);
    }

    /** Sends requests of some size as fast as its line goes; then answers are awaited. */
    private long serve(SimulatedClient honest, int size, int bytesAStep, List<SimulatedClient> small, Runnable eachStep) {
        long begun = nowMs;
        honest.begin(size);
        while (!honest.ended()) {
            eachStep.run();
            honest.send(bytesAStep);
            small.forEach(client -> {
                client.begin(500 + random.nextInt(2_000));
                client.send(4_000);
            });
            step();
            assertThat(honest.cut).isFalse();
            small.forEach(client -> {
                assertThat(client.ended()).as("a small request is read at once").isTrue();
                answer(client);
            });
            assertThat(nowMs - begun).as("the wait of an honest request").isLessThan(boundMs(STALLED * (long) STALL_AT_MOST));
        }
        answer(honest);
        return nowMs - begun;
    }

    private long honestAmongStalled(boolean theyComeAgain) {
        List<SimulatedClient> stalled = new ArrayList<>();
        Runnable eachStep = () -> {
            stalled.removeIf(client -> {
                if (client.cut && theyComeAgain) {
                    clients.remove(client);
                    client.close();
                }
                return client.cut;
            });
            while (theyComeAgain && stalled.size() < STALLED) {
                stalled.add(stalledWithSome());
            }
            stalled.forEach(this::dribble);
        };
        for (int i = 0; i < STALLED; i++) {
            stalled.add(stalledWithSome());
        }
        for (int i = 0; i < 50; i++) {
            stalled.forEach(this::dribble);
            step();
        }
        assertThat(memory.shortage()).isNotZero();
        List<SimulatedClient> small = List.of(client(), client(), client());
        SimulatedClient honest = client();
        long longest = 0;
        for (int i = 0; i < 5; i++) {
            longest = Math.max(longest, serve(honest, 100_000 + random.nextInt(LARGE - 100_000), 20_000 + random.nextInt(200_000), small, eachStep));
        }
        System.out.println("longest wait " + longest + " ms, bound " + boundMs(STALLED * (long) STALL_AT_MOST) + " ms");
        return longest;
    }

    private SimulatedClient stalledWithSome() {
        SimulatedClient client = stalled();
        left.put(client, 4 + random.nextInt(STALL_AT_MOST));
        return client;
    }

    /** It has sent all that it ever will as soon as the socket takes it. */
    private void dribble(SimulatedClient client) {
        left.computeIfPresent(client, (c, bytes) -> bytes - c.send(bytes));
    }

    @Test
    void anHonestOneIsServedAmongVeryManyThatStalled() {
        honestAmongStalled(false);
    }

    @Test
    void anHonestOneIsServedThoughThoseThatAreCutComeAgain() {
        honestAmongStalled(true);
    }

    @Test
    void whoIsSlowIsNotCutWhileThereIsMemory() {
        SimulatedClient slow = client();
        slow.begin(LARGE);
        for (int i = 0; i < 6_000; i++) {
            slow.send(1);
            clients.forEach(SimulatedClient::judge);
            step();
            assertThat(slow.cut).isFalse();
        }
    }

    @Test
    void whoKeepsTheLeastPaceIsNotCutThoughOthersWait() {
        SimulatedClient slow = client();
        slow.begin(LARGE);
        int bytesAStep = Pace.LEAST_BYTES / (int) (TimeUnit.NANOSECONDS.toMillis(Pace.PERIOD_NANOS) / STEP_MS) + 1;
        while (!slow.ended()) {
            slow.send(bytesAStep);
            if (memory.shortage() == 0) {
                SimulatedClient stalled = stalled();
                stalled.send(SimulatedClient.SOCKET);
            }
            step();
            assertThat(slow.cut).isFalse();
        }
        answer(slow);
    }

    @Test
    void aBusyEventLoopCutsNobodyWhoseBytesWaitInTheSocket() {
        SimulatedClient honest = client();
        honest.begin(LARGE);
        honest.send(20_000);
        step();
        while (memory.shortage() == 0) {
            stalled().send(SimulatedClient.SOCKET);
            step();
        }
        honest.judge();
        honest.runTasks();
        honest.send(50_000);
        clients.remove(honest); // its loop does not turn
        for (long ms = 0; ms < TimeUnit.NANOSECONDS.toMillis(Pace.PERIOD_NANOS); ms += STEP_MS) { // the others' periods end later
            step();
            honest.judge();
        }
        assertThat(memory.shortage()).isNotZero();
        honest.runTasks();
        clients.add(honest);
        for (int i = 0; i < 10; i++) {
            step();
        }
        assertThat(honest.cut).isFalse();
        int periods = 2 * (int) (TimeUnit.NANOSECONDS.toMillis(Pace.PERIOD_NANOS) / STEP_MS);
        while (memory.shortage() != 0) { // and now it does stall
            step();
            assertThat(periods-- > 0 || honest.cut).isTrue();
        }
    }

    @Test
    void memoryGoesToThemInTheOrderInWhichTheirRequestsBegan() {
        for (int i = 0; i < STALLED; i++) {
            client();
        }
        RequestMemory.Lease inWork = new RequestMemory.Lease(memory.open());
        memory.charge(inWork, LIMIT);
        List<Integer> granted = new ArrayList<>();
        List<RequestMemory.Lease> asking = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            int number = i;
            RequestMemory.Lease lease = new RequestMemory.Lease(memory.open());
            asking.add(lease);
            boolean first = memory.ask(lease, 0, RequestMemory.STEP + random.nextInt(LARGE), () -> granted.add(number));
            assertThat(first).as("only the oldest goes on beyond the limit").isEqualTo(i == 0);
        }
        assertThat(memory.ask(asking.get(0), 0, LARGE, () -> { })).isTrue();
        memory.release(inWork);
        for (RequestMemory.Lease lease : asking) {
            memory.release(lease);
        }
        List<Integer> order = new ArrayList<>();
        for (int i = 1; i < 20; i++) {
            order.add(i);
        }
        assertThat(granted).isEqualTo(order);
        for (int i = 0; i <= asking.size(); i++) {
            memory.close();
        }
    }

    @Test
    void whoHasBegunComesBeforeWhoWaitsToBegin() {
        for (int i = 0; i < STALLED; i++) {
            client();
        }
        List<String> granted = new ArrayList<>();
        RequestMemory.Lease begun = new RequestMemory.Lease(memory.open());
        RequestMemory.Lease favoured = new RequestMemory.Lease(memory.open());
        RequestMemory.Lease waits = new RequestMemory.Lease(memory.open());
        assertThat(memory.ask(begun, 0, LIMIT / 4, () -> { })).isTrue();
        assertThat(memory.ask(favoured, 0, LIMIT, () -> { })).isTrue();
        assertThat(memory.ask(waits, 0, LIMIT / 4, () -> granted.add("waits"))).isFalse();
        assertThat(memory.ask(begun, 0, LIMIT, () -> granted.add("begun"))).isFalse();
        memory.release(favoured);
        assertThat(granted).containsExactly("begun");
        memory.release(begun);
        assertThat(granted).containsExactly("begun", "waits");
        memory.release(waits);
    }
}
