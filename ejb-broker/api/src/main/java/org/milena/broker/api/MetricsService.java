package org.milena.broker.api;

import java.io.IOException;
import java.io.OutputStream;

/** The broker's metrics as Prometheus reads them. */
public interface MetricsService {

    /**
     * The content type that {@link #scrape} writes for this request.
     *
     * @param acceptHeader the request's {@code Accept}, or null
     */
    String contentType(String acceptHeader);

    /** Writes all metrics as they are now; touches no disk and no database. Does not close {@code out}. */
    void scrape(OutputStream out, String acceptHeader) throws IOException;
}
