package org.milena.persistence;

import jakarta.persistence.Column;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Embeddable;
import jakarta.persistence.Entity;
import jakarta.persistence.Table;
import java.io.Serializable;

/** One configuration key that was set for a topic, a broker or a group. */
@Entity
@Table(name = "milena_config")
public class Config {

    @Embeddable
    public record Key(@Column(name = "resource_type") String type, @Column(name = "resource_name") String name,
                      @Column(name = "config_key") String key) implements Serializable {
    }

    @EmbeddedId
    private Key id;

    @Column(name = "config_value", nullable = false, length = 1_000_000)
    private String value;

    protected Config() {
    }

    public Config(Key id, String value) {
        this.id = id;
        this.value = value;
    }

    public Key getId() {
        return id;
    }

    public String getValue() {
        return value;
    }

    public void setValue(String value) {
        this.value = value;
    }
}
