package org.milena.broker.ejb;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URL;
import java.security.CodeSource;
import java.util.Optional;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Phase;

/**
 * What the server does with the deployment before the first line of ours runs: unpacking, reading descriptors and annotations, CDI. On
 * WildFly it can be known when that began: it unpacks the libraries of an EAR anew each time, first of all.
 */
final class ServerPhase {

    private ServerPhase() {
    }

    static Optional<Phase> until(long now) {
        CodeSource source = BrokerStatus.class.getProtectionDomain().getCodeSource();
        return source == null || source.getLocation() == null ? Optional.empty()
            : phase(source.getLocation(), ManagementFactory.getRuntimeMXBean().getStartTime(), now);
    }

    /** Only of a virtual file (WildFly's): elsewhere a library may have been unpacked by an earlier deployment. */
    private static Optional<Phase> phase(URL library, long vmStart, long now) {
        if (!library.getProtocol().equals("vfs")) {
            return Optional.empty();
        }
        try {
            long unpacked = library.openConnection().getLastModified();
            return unpacked >= vmStart && unpacked <= now ? Optional.of(new Phase("server", unpacked, now)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // then the start is told without it
        }
    }
}
