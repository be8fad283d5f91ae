package org.milena.broker.history;

import java.util.List;
import java.util.Map;

/**
 * What clients of one topic and one group did and saw, and what was left when they had stopped. Nothing expires from the topic meanwhile.
 *
 * @param transactions    each client's in the order it made them; every one sends at least one record
 * @param acknowledged    where the broker said sent records are, those of aborted transactions too
 * @param sessions        what a consumer read from one partition, from an assignment or seek to the next, in its order
 * @param log             each partition from its start to its end, as a reader of committed records saw it afterwards
 * @param groupOffsets    the group's committed offsets afterwards, by partition
 */
public record History(List<Transaction> transactions, List<Read> acknowledged, List<List<Read>> sessions, Map<Integer, List<Read>> log,
                      Map<Integer, Long> groupOffsets) { }
