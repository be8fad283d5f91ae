package org.milena.broker.resource;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.management.JMException;
import javax.management.ObjectName;

/** What the operating system says of this process's file descriptors. */
public interface FileDescriptors {

    /** The most the process may have open, or -1 when nobody knows (or there is no such limit). */
    long limit();

    /** How many are open, or -1 when nobody knows. May take milliseconds when there are many. */
    long open();

    /**
     * Of the running process. Asks the JVM's management bean by attribute and not by class: a server's class loader need not show
     * {@code com.sun.management}. Where that fails, {@code /proc} answers.
     */
    FileDescriptors PROCESS = new FileDescriptors() {

        @Override
        public long limit() {
            long limit = attribute("MaxFileDescriptorCount");
            return limit > 0 ? limit : limitOf(Path.of("/proc/self/limits"));
        }

        @Override
        public long open() {
            long open = attribute("OpenFileDescriptorCount");
            return open >= 0 ? open : entriesOf(Path.of("/proc/self/fd"));
        }

        private static long attribute(String name) {
            try {
                ObjectName os = new ObjectName(ManagementFactory.OPERATING_SYSTEM_MXBEAN_NAME);
                return ((Number) ManagementFactory.getPlatformMBeanServer().getAttribute(os, name)).longValue();
            } catch (JMException | RuntimeException e) {
                return -1;
            }
        }
    };

    /** The soft limit in a file like {@code /proc/self/limits}; -1 if there is none. */
    static long limitOf(Path limits) {
        try {
            for (String line : Files.readAllLines(limits)) {
                if (line.startsWith("Max open files")) {
                    String soft = line.substring("Max open files".length()).strip().split("\\s+")[0];
                    return soft.equals("unlimited") ? -1 : Long.parseLong(soft);
                }
            }
        } catch (IOException | RuntimeException e) {
            return -1;
        }
        return -1;
    }

    private static long entriesOf(Path directory) {
        long entries = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            for (Path ignored : all) {
                entries++;
            }
            return entries;
        } catch (IOException e) {
            return -1;
        }
    }
}
