package org.milena.samples.orders;

import jakarta.ejb.Stateless;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;
import java.util.List;

/** The orders that were taken. */
@Stateless
public class Orders {

    @PersistenceContext
    private EntityManager database;

    public List<PlacedOrder> all() {
        return database.createQuery("SELECT o FROM PlacedOrder o ORDER BY o.id", PlacedOrder.class).getResultList();
    }
}
