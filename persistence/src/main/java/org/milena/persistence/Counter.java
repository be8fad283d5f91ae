package org.milena.persistence;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;

/** A number that only grows. */
@Entity
@Table(name = "milena_counter")
public class Counter {

    @Id
    private String name;

    @Column(name = "next_value", nullable = false)
    private long nextValue;

    @Version
    private long version;

    protected Counter() {
    }

    Counter(String name, long nextValue) {
        this.name = name;
        this.nextValue = nextValue;
    }

    /** Takes {@code count} numbers in a row, all larger than {@code above}; returns the first. */
    long take(long above, int count) {
        long first = Math.max(nextValue, above + 1);
        nextValue = Math.addExact(first, count);
        return first;
    }
}
