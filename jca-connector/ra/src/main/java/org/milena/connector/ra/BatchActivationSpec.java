package org.milena.connector.ra;

/** How a message-driven bean that takes many records at a time is fed. */
public class BatchActivationSpec extends RecordActivationSpec {

    private static final long serialVersionUID = 1L;

    private Integer maxPollRecords = 500;

    @Override
    int batchSize() {
        return maxPollRecords;
    }

    @Override
    void checkBatch() {
        atLeast("maxPollRecords", 1, maxPollRecords);
    }

    public Integer getMaxPollRecords() {
        return maxPollRecords;
    }

    public void setMaxPollRecords(Integer value) {
        maxPollRecords = value;
    }
}
