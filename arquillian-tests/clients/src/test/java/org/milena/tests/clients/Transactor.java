package org.milena.tests.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.milena.tests.broker.ExternalProcess;

/** A transactional producer of some library, which does one step after the other; not thread-safe. */
final class Transactor implements AutoCloseable {
    private final ExternalProcess process;
    private int lines;

    /** Begins when the producer has its epoch. */
    Transactor(Driver driver, String id) {
        process = driver.run("transact", "id=" + id);
        assertThat(answer()).as(process.describe("said")).isEqualTo("ready");
    }

    private String answer() {
        int number = lines++;
        process.await("line " + number, ExternalProcess.PATIENCE, out -> out.size() > number);
        return process.out().get(number);
    }

    /** @return {@code ok}, or {@code error} and the library's name for it */
    String ask(String step) {
        process.write(List.of(step));
        return answer();
    }

    void begin() {
        well("begin");
    }

    void send(String topic, Rec record) {
        well(sending(topic, record));
    }

    static String sending(String topic, Rec record) {
        return "send\t" + topic + "\t" + record.line();
    }

    void commit() {
        well("commit");
    }

    void abort() {
        well("abort");
    }

    private void well(String step) {
        String answer = ask(step);
        if (!answer.equals("ok")) throw new AssertionError(process.describe(step + ": " + answer));
    }

    void finish() {
        process.closeInput();
        process.awaitSuccess(ExternalProcess.PATIENCE);
    }

    @Override
    public void close() {
        process.close();
    }
}
