package org.milena.persistence;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;

/** A broker and the number of its present or last start. */
@Entity
@Table(name = "milena_broker")
public class Broker {

    @Id
    private int id;

    @Column(nullable = false)
    private long incarnation;

    @Version
    private long version;

    protected Broker() {
    }

    Broker(int id, long incarnation) {
        this.id = id;
        this.incarnation = incarnation;
    }

    public int getId() {
        return id;
    }

    public long getIncarnation() {
        return incarnation;
    }

    void setIncarnation(long incarnation) {
        this.incarnation = incarnation;
    }
}
