package org.milena.broker.log;

/** Where a batch lies in its segment. {@code size} is 0 for the end of what was searched. */
record BatchPosition(int position, int size, long baseOffset, long lastOffset) {
}
