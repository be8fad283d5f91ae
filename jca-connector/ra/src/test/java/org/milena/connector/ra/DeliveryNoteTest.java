package org.milena.connector.ra;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DeliveryNoteTest {

    @Test
    void whatIsWrittenIsReadAgain() {
        for (int attempts : new int[] {0, 1, 7}) {
            for (long until : new long[] {0, 4711}) {
                for (boolean held : new boolean[] {true, false}) {
                    DeliveryNote note = new DeliveryNote(attempts, until, held);
                    assertThat(DeliveryNote.parse(note.text())).isEqualTo(note);
                }
            }
        }
        assertThat(new DeliveryNote(0, 0, true).text()).isEqualTo("milena");
        assertThat(new DeliveryNote(3, 120, false).text()).isEqualTo("milena attempts=3 until=120 released");
    }

    @Test
    void whatOthersWriteSaysNothing() {
        for (String other : new String[] {"", "note", "milena attempts=x", "milena attempts=12345678901234", "milenas"}) {
            assertThat(DeliveryNote.parse(other)).isEqualTo(DeliveryNote.NONE);
        }
        assertThat(DeliveryNote.NONE.text()).isEmpty();
    }
}
