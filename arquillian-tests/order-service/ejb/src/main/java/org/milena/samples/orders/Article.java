package org.milena.samples.orders;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

/** Something that can be shipped. */
@Entity
@Table(name = "articles")
public class Article {

    @Id
    private String id;

    protected Article() {
        // for JPA
    }

    Article(String id) {
        this.id = id;
    }

    public String getId() {
        return id;
    }
}
