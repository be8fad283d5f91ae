package org.milena.benchmark.xa;

import java.util.List;

/** What both brokers are asked for. */
public interface Broker {

    String name();

    /** In the running JTA transaction. */
    void send(byte[] message) throws Exception;

    /** Puts messages where the bean takes them from, as fast as the broker can; not measured. */
    void fill(Bean bean, List<byte[]> messages) throws Exception;

    /** Nothing is delivered until {@link #resume}. */
    void pause(Bean bean) throws Exception;

    void resume(Bean bean) throws Exception;

    /** What {@link #send} has left does not burden the next round. */
    void clear() throws Exception;

    /** The message-driven beans. */
    enum Bean { SINGLE, BATCH }
}
