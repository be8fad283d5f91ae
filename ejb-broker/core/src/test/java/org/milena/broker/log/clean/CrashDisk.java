package org.milena.broker.log.clean;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.milena.broker.log.Disk;

/** A disk in memory that fails at a chosen change and then holds what a killed process, or a power cut, leaves. */
final class CrashDisk implements Disk {

    /** Thrown by the change that never happened. */
    static final class Crash extends IOException {
        Crash() {
            super("crash");
        }
    }

    private static final class Node {
        byte[] live = new byte[0];
        byte[] durable = new byte[0];
    }

    private Map<Path, Node> live = new TreeMap<>();
    private Map<Path, Node> durable = new TreeMap<>();
    private int changes;
    private int crashAt = Integer.MAX_VALUE;

    int changes() {
        return changes;
    }

    /** Lets {@code more} changes happen, and no other until {@link #restart}. */
    void crashAfter(int more) {
        crashAt = changes + more;
    }

    /** @param powerCut what was not synced is lost */
    void restart(boolean powerCut) {
        crashAt = Integer.MAX_VALUE;
        if (powerCut) {
            live = new TreeMap<>(durable);
            live.values().forEach(node -> node.live = node.durable.clone());
        }
    }

    private void change() throws IOException {
        if (changes >= crashAt) {
            throw new Crash();
        }
        changes++;
    }

    @Override
    public Handle open(Path file, Mode mode) throws IOException {
        Node found = live.get(file);
        if (found == null) {
            if (mode != Mode.CREATE) {
                throw new FileNotFoundException(file.toString());
            }
            change();
            found = new Node();
            live.put(file, found);
        }
        Node node = found;
        return new Handle() {
            @Override
            public int read(ByteBuffer into, long position) {
                int length = (int) Math.max(0, Math.min(into.remaining(), node.live.length - position));
                into.put(node.live, (int) Math.min(position, node.live.length), length);
                return length;
            }

            @Override
            public void write(ByteBuffer from, long position) throws IOException {
                change();
                int end = (int) position + from.remaining();
                node.live = Arrays.copyOf(node.live, Math.max(node.live.length, end));
                from.get(node.live, (int) position, from.remaining());
            }

            @Override
            public long transferTo(long position, long length, WritableByteChannel target) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void force() throws IOException {
                change();
                node.durable = node.live.clone();
            }

            @Override
            public void truncate(long size) throws IOException {
                change();
                node.live = Arrays.copyOf(node.live, (int) size);
            }

            @Override
            public long size() {
                return node.live.length;
            }

            @Override
            public void close() {
                // nothing is held
            }
        };
    }

    @Override
    public List<Path> list(Path directory) {
        return live.keySet().stream().filter(path -> directory.equals(path.getParent())).toList();
    }

    @Override
    public boolean exists(Path path) {
        return live.containsKey(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return false;
    }

    @Override
    public long size(Path file) {
        return live.get(file).live.length;
    }

    @Override
    public long lastModified(Path file) {
        return 0;
    }

    @Override
    public void createDirectories(Path directory) {
        // directories are names only
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        change();
        live.put(to, live.remove(from));
    }

    @Override
    public void delete(Path path) throws IOException {
        change();
        live.remove(path);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        change();
        Map<Path, Node> synced = new HashMap<>(durable);
        synced.keySet().removeIf(path -> directory.equals(path.getParent()));
        live.forEach((path, node) -> {
            if (directory.equals(path.getParent())) {
                synced.put(path, node);
            }
        });
        durable = new TreeMap<>(synced);
    }

    @Override
    public long usableSpace(Path directory) {
        return Long.MAX_VALUE;
    }

    @Override
    public Closeable lock(Path file) {
        return () -> { };
    }
}
