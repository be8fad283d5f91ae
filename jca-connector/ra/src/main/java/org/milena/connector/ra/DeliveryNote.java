package org.milena.connector.ra;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a group remembers of the record at its offset, as the offset's metadata: how often its delivery has begun, so that a record that takes
 * the server down with it is found out (decision 10).
 *
 * @param attempts of the record at the offset
 * @param until    records before this offset were in a batch that failed: each has one attempt behind it, and is delivered by itself; 0 for none
 * @param held     true while a member may be delivering: whoever finds it so after that member's end has to count one attempt more
 */
record DeliveryNote(int attempts, long until, boolean held) {

    /** What an ordinary Kafka consumer writes: nothing. */
    static final DeliveryNote NONE = new DeliveryNote(0, 0, false);

    private static final Pattern TEXT = Pattern.compile("milena(?: attempts=(\\d{1,9}))?(?: until=(\\d{1,18}))?( released)?");

    /** Of others' metadata: {@link #NONE}. */
    static DeliveryNote parse(String metadata) {
        Matcher found = TEXT.matcher(metadata);
        if (!found.matches()) {
            return NONE;
        }
        return new DeliveryNote(found.group(1) == null ? 0 : Integer.parseInt(found.group(1)),
                found.group(2) == null ? 0 : Long.parseLong(found.group(2)), found.group(3) == null);
    }

    String text() {
        if (equals(NONE)) {
            return "";
        }
        return "milena" + (attempts == 0 ? "" : " attempts=" + attempts) + (until == 0 ? "" : " until=" + until) + (held ? "" : " released");
    }
}
