package org.apache.kafka.common.utils;

/**
 * Where kafka-clients 4.3 has this class; 4.4 moved it. Apache Kafka's generated record classes (4.3.1, test scope) still ask for
 * it here.
 */
public final class ByteUtils {

    private ByteUtils() {
    }

    public static int sizeOfUnsignedVarint(int value) {
        return org.apache.kafka.common.utils.internals.ByteUtils.sizeOfUnsignedVarint(value);
    }
}
