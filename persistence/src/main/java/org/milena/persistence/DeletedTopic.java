package org.milena.persistence;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;

/** A topic that was deleted, while a log directory may still hold some of it. */
@Entity
@Table(name = "milena_deleted_topic")
public class DeletedTopic {

    @Id
    private UUID id;

    @Column(nullable = false, length = 249)
    private String name;

    protected DeletedTopic() {
    }

    DeletedTopic(Topic topic) {
        this.id = topic.getId();
        this.name = topic.getName();
    }

    public UUID getId() {
        return id;
    }

    /** For whoever looks into the table. */
    public String getName() {
        return name;
    }
}
