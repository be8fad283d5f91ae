package org.milena.broker.cache;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Holds the current {@link MetadataImage}. Reading never blocks; changes are published by one thread at a time. */
public final class MetadataCache {

    /** Told of every new image, on the publishing thread, before the change is acknowledged to whoever asked for it. */
    public interface Listener {
        void changed(MetadataImage before, MetadataImage after);
    }

    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private volatile MetadataImage image;

    public MetadataCache(MetadataImage first) {
        image = first;
    }

    public MetadataImage image() {
        return image;
    }

    public void addListener(Listener listener) {
        listeners.add(listener);
    }

    public synchronized void publish(MetadataImage next) {
        MetadataImage before = image;
        image = next;
        listeners.forEach(l -> l.changed(before, next));
    }
}
