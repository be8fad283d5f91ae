package org.milena.broker.ejb;

import jakarta.enterprise.context.ApplicationScoped;
import org.milena.broker.cluster.MetadataStore;

/** The plain objects that the beans hand to each other while they start, each set by the bean that owns it. */
@ApplicationScoped
public class Parts {

    private Settings settings;
    private MetadataStore metadataStore;

    Settings settings() {
        return settings;
    }

    void settings(Settings value) {
        settings = value;
    }

    MetadataStore metadataStore() {
        return metadataStore;
    }

    void metadataStore(MetadataStore value) {
        metadataStore = value;
    }
}
