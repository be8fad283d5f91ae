package org.milena.samples.orders;

import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;

/** Knows what can be shipped. */
@Stateless
public class Warehouse {

    @PersistenceContext
    private EntityManager database;

    public boolean has(String article) {
        return database.find(Article.class, article) != null;
    }

    /** In a transaction of its own: it is done, also when the order that asked for it is rolled back. */
    @TransactionAttribute(TransactionAttributeType.REQUIRES_NEW)
    public void stock(String article) {
        database.persist(new Article(article));
    }
}
