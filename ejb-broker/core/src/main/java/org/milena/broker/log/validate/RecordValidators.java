package org.milena.broker.log.validate;

/**
 * A bounded stack of validators for code that has no thread of its own to keep one. Validators beyond the bound are
 * left to the garbage collector. Thread-safe; borrowing allocates nothing once the stack is warm.
 */
public final class RecordValidators {
    private final RecordValidator[] idle;
    private int count;

    /** @param kept how many idle validators keep their scratch memory; the number of appending threads is enough */
    public RecordValidators(int kept) {
        idle = new RecordValidator[kept];
    }

    /** Yours until {@link #giveBack}, and so are its results. */
    public RecordValidator borrow() {
        synchronized (idle) {
            if (count > 0) {
                return idle[--count];
            }
        }
        return new RecordValidator();
    }

    /** Never twice for one borrow; results of the validator are void from now on. */
    public void giveBack(RecordValidator validator) {
        synchronized (idle) {
            if (count < idle.length) {
                idle[count++] = validator;
            }
        }
    }
}
