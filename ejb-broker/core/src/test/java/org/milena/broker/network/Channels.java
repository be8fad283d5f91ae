package org.milena.broker.network;

import io.netty.channel.Channel;
import java.util.List;

/** The broker's ends of its connections, for tests in other packages. */
public final class Channels {

    private Channels() {
    }

    public static List<Channel> of(BrokerServer server) {
        return server.channels();
    }
}
