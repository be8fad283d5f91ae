package org.milena.connector.client;

import java.io.IOException;
import java.util.List;

/** Opens transports. Thread-safe. */
public interface Dialer {

    /** Where to begin, in the order to try. */
    List<Endpoint> bootstrap();

    /**
     * @throws IOException the broker can't be reached; with a socket this may also come later, from the first request
     */
    Transport open(Endpoint endpoint) throws IOException;
}
