package org.milena.persistence;

import jakarta.persistence.EntityManager;
import java.util.List;
import java.util.Map;

/** Configs of topics, brokers and groups, within the transaction of the entity manager. */
public record ConfigRepository(EntityManager entities) {

    public List<Config> configs() {
        return Rows.of(Config.class, entities).toList();
    }

    /** Sets keys, and removes those whose value is null. */
    public void alter(String type, String name, Map<String, String> changes) {
        changes.forEach((key, value) -> {
            Config.Key id = new Config.Key(type, name, key);
            Config stored = entities.find(Config.class, id);
            if (value == null) {
                if (stored != null) {
                    entities.remove(stored);
                }
            } else if (stored == null) {
                entities.persist(new Config(id, value));
            } else {
                stored.setValue(value);
            }
        });
    }

    public void deleteAll(String type, String name) {
        entities.createQuery("delete from Config c where c.id.type = :type and c.id.name = :name")
            .setParameter("type", type).setParameter("name", name).executeUpdate();
    }
}
