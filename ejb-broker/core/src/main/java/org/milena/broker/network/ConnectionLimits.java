package org.milena.broker.network;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Counts connections, all together and by address ({@code max.connections}, {@code max.connections.per.ip}). */
final class ConnectionLimits {

    private final int max;
    private final int maxPerIp;
    private final BooleanSupplier descriptorsLeft;
    private final Map<InetAddress, Integer> byAddress = new HashMap<>();
    private int count;

    /** @param descriptorsLeft false when the process is near its limit of file descriptors: sockets must never cost a log its files */
    ConnectionLimits(int max, int maxPerIp, BooleanSupplier descriptorsLeft) {
        this.max = max;
        this.maxPerIp = maxPerIp;
        this.descriptorsLeft = descriptorsLeft;
    }

    /** @return null if admitted, else the reason for the refusal */
    synchronized String admit(InetAddress address) {
        if (count >= max) {
            return "max.connections";
        }
        if (!descriptorsLeft.getAsBoolean()) {
            return "file-descriptors";
        }
        if (byAddress.getOrDefault(address, 0) >= maxPerIp) {
            return "max.connections.per.ip";
        }
        count++;
        byAddress.merge(address, 1, Integer::sum);
        return null;
    }

    synchronized void left(InetAddress address) {
        count--;
        byAddress.computeIfPresent(address, (a, n) -> n == 1 ? null : n - 1);
    }

    synchronized int count() {
        return count;
    }
}
