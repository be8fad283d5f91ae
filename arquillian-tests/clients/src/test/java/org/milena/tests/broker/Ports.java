package org.milena.tests.broker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;

/** Ports for servers of the tests. */
public final class Ports {
    private static final Random RANDOM = new Random();

    private Ports() { }

    /** A port nobody listens on. Below 32768: from there on the kernel hands them to outgoing connections. */
    public static synchronized int free() {
        int first = Integer.getInteger("milena.test.ports", 21210);
        for (int attempt = 0; attempt < 1000; attempt++) {
            int port = first + RANDOM.nextInt(90);
            if (free(port)) return port;
        }
        throw new IllegalStateException("no free port between " + first + " and " + (first + 89));
    }

    public static boolean free(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }

    /**
     * Waits until a broker at this address tells its cluster's nodes. If it won't, the server is ended and this fails,
     * at once when the process is gone or {@code hopeless}.
     */
    public static void awaitBroker(String bootstrap, Duration patience, ExternalProcess server, BooleanSupplier hopeless) {
        try {
            awaitNodes(bootstrap, patience, server, hopeless);
        } catch (AssertionError e) {
            server.close();
            throw e;
        }
    }

    private static void awaitNodes(String bootstrap, Duration patience, ExternalProcess server, BooleanSupplier hopeless) {
        long end = System.nanoTime() + patience.toNanos();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap, "reconnect.backoff.max.ms", 200))) {
            while (true) {
                try {
                    if (!admin.describeCluster().nodes().get(2, TimeUnit.SECONDS).isEmpty()) return;
                } catch (ExecutionException | TimeoutException notYet) {
                    if (!server.isAlive() || hopeless.getAsBoolean()) throw new AssertionError(server.describe("failed instead of serving " + bootstrap));
                    if (System.nanoTime() > end) throw new AssertionError(server.describe("no broker at " + bootstrap), notYet);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        }
    }
}
