package org.milena.benchmark.xa;

import java.lang.management.ManagementFactory;
import java.util.Locale;
import javax.management.JMException;
import javax.management.ObjectName;

/** Time and the whole process' CPU time between two moments. */
final class Run {

    private final long began = System.nanoTime();
    private final long cpu = cpuNanos();

    private static long cpuNanos() {
        try {
            return (Long) ManagementFactory.getPlatformMBeanServer().getAttribute(new ObjectName("java.lang:type=OperatingSystem"), "ProcessCpuTime");
        } catch (JMException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One line for the script. */
    String result(String workload, Broker broker, long transactions, long messages) {
        double seconds = (System.nanoTime() - began) / 1e9;
        return String.format(Locale.ROOT, "%s %s transactions=%d messages=%d seconds=%.2f rate=%.1f cpu_us=%.1f%n", workload, broker.name(), transactions,
                messages, seconds, messages / seconds, (cpuNanos() - cpu) / 1e3 / messages);
    }
}
