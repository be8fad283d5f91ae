package org.milena.connector.client;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import org.apache.kafka.common.requests.ListOffsetsRequest;

/** {@code auto.offset.reset}: where a group begins in a partition of which it has no offset, or one that is gone (KIP-1106). */
public final class OffsetReset {

    private static final String BY_DURATION = "by_duration:";

    private final String text;
    private final long timestamp;
    private final Duration back;

    private OffsetReset(String text, long timestamp, Duration back) {
        this.text = text;
        this.timestamp = timestamp;
        this.back = back;
    }

    /** @throws IllegalArgumentException naming what may be written */
    public static OffsetReset parse(String text) {
        String lower = text.strip().toLowerCase(Locale.ROOT);
        switch (lower) {
            case "earliest":
                return new OffsetReset(lower, ListOffsetsRequest.EARLIEST_TIMESTAMP, null);
            case "latest":
                return new OffsetReset(lower, ListOffsetsRequest.LATEST_TIMESTAMP, null);
            case "none":
                return new OffsetReset(lower, 0, null);
            default:
                return byDuration(lower);
        }
    }

    private static OffsetReset byDuration(String text) {
        try {
            if (text.startsWith(BY_DURATION)) {
                Duration back = Duration.parse(text.substring(BY_DURATION.length()));
                if (!back.isNegative()) {
                    return new OffsetReset(text, 0, back);
                }
            }
        } catch (DateTimeParseException e) {
            // said below
        }
        throw new IllegalArgumentException("must be earliest, latest, none, or by_duration: and an ISO 8601 duration like PT24H, not \"" + text + "\"");
    }

    boolean isNone() {
        return text.equals("none");
    }

    /** As ListOffsets is asked. */
    long timestamp(long nowMillis) {
        return back == null ? timestamp : nowMillis - back.toMillis();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OffsetReset that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
