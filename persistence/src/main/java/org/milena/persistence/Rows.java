package org.milena.persistence;

import jakarta.persistence.EntityManager;
import jakarta.persistence.criteria.CriteriaQuery;
import java.util.stream.Stream;

/** Whole tables, as a start reads them: asked for without the query language, whose parser takes a quarter of a second to load. */
final class Rows {

    private Rows() {
    }

    static <T> Stream<T> of(Class<T> entity, EntityManager entities) {
        CriteriaQuery<T> query = entities.getCriteriaBuilder().createQuery(entity);
        query.select(query.from(entity));
        return entities.createQuery(query).getResultList().stream();
    }
}
