package org.milena.broker.history;

/** A record as a reader of committed records, or its sender's acknowledgement, showed it. */
public record Read(int partition, long offset, long value) { }
