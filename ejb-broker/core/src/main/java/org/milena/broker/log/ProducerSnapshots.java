package org.milena.broker.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.zip.CRC32C;

/** Kafka's producer snapshot files, version 1: {@code <offset>.snapshot} holds the producers as of just before that offset. */
final class ProducerSnapshots {

    static final String SUFFIX = ".snapshot";
    private static final int CRC_AT = 2;
    private static final int ENTRIES_AT = 6;
    private static final int ENTRY_BYTES = 46;

    /** The file is torn or damaged: what it held is found in the log. */
    static final class DamagedException extends IOException {
        DamagedException(Path file) {
            super("Damaged producer snapshot " + file);
        }
    }

    private ProducerSnapshots() {
    }

    static Path file(Path directory, long offset) {
        return LogSegment.file(directory, offset, SUFFIX);
    }

    static byte[] encode(Collection<ProducerEntry> entries) {
        ByteBuffer bytes = ByteBuffer.allocate(ENTRIES_AT + 4 + entries.size() * ENTRY_BYTES);
        bytes.putShort((short) 1).putInt(0).putInt(entries.size());
        for (ProducerEntry e : entries) {
            bytes.putLong(e.producerId).putShort(e.epoch).putInt(e.lastSequence()).putLong(e.lastDataOffset())
                    .putInt(e.lastOffsetDelta()).putLong(e.lastTimestamp).putInt(e.coordinatorEpoch).putLong(e.transactionStart);
        }
        bytes.putInt(CRC_AT, crc(bytes.array()));
        return bytes.array();
    }

    /** @throws DamagedException the file is not what was written */
    static List<ProducerEntry> read(Disk disk, Path file) throws IOException {
        byte[] array = disk.readAll(file);
        ByteBuffer bytes = ByteBuffer.wrap(array);
        if (array.length < ENTRIES_AT + 4 || bytes.getShort(0) != 1 || bytes.getInt(CRC_AT) != crc(array)) {
            throw new DamagedException(file);
        }
        bytes.position(ENTRIES_AT);
        int count = bytes.getInt();
        List<ProducerEntry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ProducerEntry e = new ProducerEntry(bytes.getLong());
            e.epoch = bytes.getShort();
            int sequence = bytes.getInt();
            long offset = bytes.getLong();
            int delta = bytes.getInt();
            long timestamp = bytes.getLong();
            e.coordinatorEpoch = bytes.getInt();
            e.transactionStart = Math.max(ProducerEntry.NO_TRANSACTION, bytes.getLong());
            e.lastTimestamp = timestamp;
            if (offset >= 0) {
                e.addBatch(sequence, offset, delta, timestamp);
            }
            entries.add(e);
        }
        return entries;
    }

    private static int crc(byte[] array) {
        CRC32C crc = new CRC32C();
        crc.update(array, ENTRIES_AT, array.length - ENTRIES_AT);
        return (int) crc.getValue();
    }
}
