package org.milena.broker.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.milena.broker.network.WireClient;

/** A process of its own with many connections, each of which asks once for the broker's versions and then says nothing more. */
final class IdleClients implements AutoCloseable {

    private final Process process;
    private final BufferedReader out;
    private final PrintStream in;

    IdleClients() throws IOException {
        process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m", "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), IdleClients.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        out = process.inputReader();
        in = new PrintStream(process.getOutputStream(), true);
    }

    /** Opens so many more; returns how many of all are open then. */
    int connect(int port, int count) throws IOException {
        return command("connect " + port + " " + count);
    }

    /** How many the broker has not closed. */
    int open() throws IOException {
        return command("open");
    }

    private int command(String command) throws IOException {
        in.println(command);
        String answer = out.readLine();
        if (answer == null || answer.startsWith("!")) {
            throw new IOException("The idle clients failed at " + command + ": " + answer);
        }
        return Integer.parseInt(answer);
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
    }

    // ---- the other process; ends with its standard input

    public static void main(String[] args) throws Exception {
        List<SocketChannel> channels = new ArrayList<>();
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.split(" ");
            try {
                if (words[0].equals("connect")) {
                    connect(channels, Integer.parseInt(words[1]), Integer.parseInt(words[2]));
                }
                channels.removeIf(IdleClients::closed);
                System.out.println(channels.size());
            } catch (IOException e) {
                System.out.println("! " + e);
            }
        }
        System.exit(0);
    }

    private static void connect(List<SocketChannel> channels, int port, int count) throws IOException {
        ByteBuffer request = WireClient.frame(ApiKeys.API_VERSIONS, 3, 1,
                new ApiVersionsRequestData().setClientSoftwareName("idle").setClientSoftwareVersion("1"));
        for (int i = 0; i < count; i++) {
            SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            try {
                channel.write(request.duplicate());
                ByteBuffer size = ByteBuffer.allocate(4);
                boolean answered = read(channel, size);
                if (answered && read(channel, ByteBuffer.allocate(size.getInt(0)))) {
                    channel.configureBlocking(false);
                    channels.add(channel);
                    continue;
                }
            } catch (IOException e) {
                // refused
            }
            channel.close();
        }
    }

    private static boolean read(SocketChannel channel, ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into) < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean closed(SocketChannel channel) {
        try {
            if (channel.read(ByteBuffer.allocate(1)) == 0) {
                return false;
            }
        } catch (IOException e) {
            // reset
        }
        try {
            channel.close();
        } catch (IOException e) {
            // closed it is
        }
        return true;
    }
}
