package org.milena.broker.history;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.protocol.ApiKeys;

/**
 * Stands between clients and the broker and makes some EndTxn requests late. Half of those have their client disconnected at once, so
 * that it asks again on another connection and goes on to its next transactions: the late request must then end none of them.
 */
public final class LateEndTxn implements AutoCloseable {

    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Set<Closeable> open = ConcurrentHashMap.newKeySet();
    private final Random random;
    private final AtomicInteger late = new AtomicInteger();
    private final AtomicInteger overtaken = new AtomicInteger();
    private volatile boolean closed;

    public LateEndTxn(long seed) throws IOException {
        random = new Random(seed);
    }

    /** What the broker has to advertise. */
    public int port() {
        return listener.getLocalPort();
    }

    /** Begins; until then clients wait. */
    public LateEndTxn forwardTo(int broker) {
        run("late-accept", () -> {
            while (!closed) {
                Socket client = listener.accept();
                run("late-" + client.getPort(), () -> forward(client, broker));
            }
        });
        return this;
    }

    /** How many were delivered late so far, and how many of them when their client had been sent away. */
    public int late() {
        return late.get();
    }

    public int overtaken() {
        return overtaken.get();
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void run(String name, Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException over) {
                // one of the two ends is gone
            }
        }, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void forward(Socket client, int broker) throws IOException {
        open.add(client);
        try (client; Socket upstream = new Socket()) {
            open.add(upstream);
            upstream.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), broker), 2000);
            run("late-back-" + client.getPort(), () -> back(client, upstream));
            DataInputStream in = new DataInputStream(client.getInputStream());
            DataOutputStream out = new DataOutputStream(upstream.getOutputStream());
            while (true) {
                byte[] frame = in.readNBytes(in.readInt());
                if (((frame[0] & 0xff) << 8 | frame[1] & 0xff) == ApiKeys.END_TXN.id) {
                    delay(client);
                }
                out.writeInt(frame.length);
                out.write(frame);
            }
        } finally {
            open.remove(client);
        }
    }

    private void delay(Socket client) throws IOException {
        int what;
        int millis;
        synchronized (random) {
            what = random.nextInt(20);
            millis = 20 + random.nextInt(1500);
        }
        if (what > 1) {
            return;
        }
        if (what == 0) {
            client.shutdownOutput();
            client.shutdownInput();
        }
        try {
            TimeUnit.MILLISECONDS.sleep(millis); // the lateness
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        late.incrementAndGet();
        if (what == 0) {
            overtaken.incrementAndGet();
        }
    }

    /** The broker's answers; to nobody when the client was sent away. */
    private void back(Socket client, Socket upstream) throws IOException {
        byte[] buffer = new byte[1 << 16];
        try (upstream; client) {
            for (int n; (n = upstream.getInputStream().read(buffer)) >= 0; ) {
                client.getOutputStream().write(buffer, 0, n);
            }
        } finally {
            open.remove(upstream);
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        listener.close();
        for (Closeable socket : open) {
            socket.close();
        }
    }
}
