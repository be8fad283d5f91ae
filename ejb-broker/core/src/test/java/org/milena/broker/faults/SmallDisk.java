package org.milena.broker.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** A file system of its own, in memory, that can run full. Mounting needs root: elsewhere the test is skipped, and says so. */
final class SmallDisk implements AutoCloseable {

    static final int MEGABYTE = 1 << 20;

    private final Path root;

    SmallDisk(Path mountPoint, int megabytes) throws Exception {
        root = Files.createDirectories(mountPoint);
        Assumptions.assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "tmpfs", root.toString()),
                "skipped: a tmpfs can't be mounted here (that needs root)");
    }

    Path root() {
        return root;
    }

    /** Leaves so many megabytes. */
    void leave(int megabytes) throws IOException {
        Path ballast = root.resolve("ballast");
        Files.deleteIfExists(ballast);
        long take = Files.getFileStore(root).getUsableSpace() - (long) megabytes * MEGABYTE;
        Files.write(ballast, new byte[Math.toIntExact(take)]);
    }

    void free() throws IOException {
        Files.deleteIfExists(root.resolve("ballast"));
    }

    void grow(int megabytes) throws Exception {
        if (!run("mount", "-o", "remount,size=" + megabytes + "m", root.toString())) {
            throw new IOException("remount failed");
        }
    }

    private static boolean run(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() throws InterruptedException {
        run("umount", "-l", root.toString());
    }
}
