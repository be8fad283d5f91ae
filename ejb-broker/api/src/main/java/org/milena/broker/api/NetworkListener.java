package org.milena.broker.api;

import java.util.List;

/** Where Kafka clients connect. */
public interface NetworkListener {

    /** What clients are told, as {@code host:port}. */
    List<String> advertised();

    int connections();
}
