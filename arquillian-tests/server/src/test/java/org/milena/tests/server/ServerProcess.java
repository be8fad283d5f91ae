package org.milena.tests.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.management.MBeanServerConnection;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** The server under test as the operating system and the JDK's tools see it. */
record ServerProcess(long pid) {

    private static final Path JCMD = Path.of(System.getProperty("java.home"), "bin", "jcmd");

    /** The one JVM that runs from this test's server directory. */
    static ServerProcess underTest() {
        String home = Path.of(System.getProperty("milena.test.server.home")).normalize().toString();
        return ProcessHandle.allProcesses()
            .filter(p -> p.info().command().orElse("").endsWith("/java"))
            .filter(p -> commandLine(p.pid()).contains(home) && commandLine(p.pid()).matches("(?s).*(org.jboss.as.standalone|com.sun.enterprise.glassfish.bootstrap.ASMain|fish.payara).*"))
            .findFirst().map(p -> new ServerProcess(p.pid())).orElseThrow(() -> new AssertionError("no server runs from " + home));
    }

    private static String commandLine(long pid) {
        try {
            return new String(Files.readAllBytes(Path.of("/proc", String.valueOf(pid), "cmdline")), StandardCharsets.UTF_8).replace('\0', ' ');
        } catch (IOException gone) {
            return "";
        }
    }

    /** Live instances of a class after a full collection, over all class loaders. */
    long instances(String className) {
        return jcmd("GC.class_histogram").lines().map(line -> line.trim().split("\\s+")).filter(f -> f.length >= 4 && f[3].equals(className))
            .mapToLong(f -> Long.parseLong(f[1])).sum();
    }

    void collect() {
        jcmd("GC.run");
    }

    void dumpHeap(Path file) {
        jcmd("GC.heap_dump", "-overwrite", file.toString());
    }

    List<String> threads() {
        return jcmd("Thread.print").lines().filter(line -> line.startsWith("\"")).map(line -> line.substring(1, line.indexOf('"', 1))).toList();
    }

    /** Files of a directory that the process holds open. */
    List<Path> openFiles(Path directory) {
        List<Path> open = new ArrayList<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc", String.valueOf(pid), "fd"))) {
            descriptors.forEach(fd -> {
                try {
                    Path target = Files.readSymbolicLink(fd);
                    if (target.startsWith(directory)) {
                        open.add(target);
                    }
                } catch (IOException closedMeanwhile) {
                    // was not open any more
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return open;
    }

    /** Bytes of direct buffers. */
    long directMemory() {
        String said = jcmd("ManagementAgent.status");
        if (!said.contains("service:jmx")) {
            jcmd("ManagementAgent.start_local");
            said = jcmd("ManagementAgent.status");
        }
        String url = said.lines().filter(l -> l.contains("service:jmx")).map(l -> l.substring(l.indexOf("service:jmx")).trim()).findFirst().orElseThrow();
        try (JMXConnector connector = JMXConnectorFactory.connect(new JMXServiceURL(url))) {
            MBeanServerConnection server = connector.getMBeanServerConnection();
            return ManagementFactory.getPlatformMXBeans(server, BufferPoolMXBean.class).stream().filter(p -> p.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed).sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String jcmd(String... command) {
        try {
            List<String> line = new ArrayList<>(List.of(JCMD.toString(), String.valueOf(pid)));
            line.addAll(List.of(command));
            Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new AssertionError("jcmd " + List.of(command) + ": " + said);
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
