package org.milena.broker.ejb;

import jakarta.enterprise.context.ApplicationScoped;
import org.milena.broker.cluster.MetadataStore;
import org.milena.broker.config.BrokerConfig;

/** The plain objects that the beans hand to each other while they start, each set by the bean that owns it. */
@ApplicationScoped
public class Parts {

    private Settings settings;
    private BrokerConfig config;
    private MetadataStore metadataStore;

    Settings settings() {
        return settings;
    }

    void settings(Settings value) {
        settings = value;
    }

    BrokerConfig config() {
        return config;
    }

    void config(BrokerConfig value) {
        config = value;
    }

    MetadataStore metadataStore() {
        return metadataStore;
    }

    void metadataStore(MetadataStore value) {
        metadataStore = value;
    }
}
