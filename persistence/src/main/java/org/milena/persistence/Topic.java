package org.milena.persistence;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.util.UUID;

/** A topic. Its partitions are {@link Partition}s, its configs {@link Config}s. */
@Entity
@Table(name = "milena_topic")
public class Topic {

    @Id
    private UUID id;

    @Column(nullable = false, length = 249)
    private String name;

    @Column(name = "internal_topic", nullable = false)
    private boolean internal;

    @Column(name = "configs_held", nullable = false)
    private boolean configsHeld;

    @Version
    private long version;

    protected Topic() {
    }

    public Topic(UUID id, String name, boolean internal, boolean configsHeld) {
        this.id = id;
        this.name = name;
        this.internal = internal;
        this.configsHeld = configsHeld;
    }

    public UUID getId() {
        return id;
    }

    public String getName() {
        return name;
    }

    public boolean isInternal() {
        return internal;
    }

    /** The topic's configs are unknown: nothing may be deleted from its logs. */
    public boolean isConfigsHeld() {
        return configsHeld;
    }

    public void setConfigsHeld(boolean configsHeld) {
        this.configsHeld = configsHeld;
    }
}
