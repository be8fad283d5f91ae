package org.milena.tests.clients;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.milena.tests.broker.Jvm;

/** Drivers of Kafka's own Java client and of the other languages' libraries. */
final class Drivers {
    static final List<String> ALL_CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");

    private Drivers() { }

    /** @param extra the consumers' configuration, as {@code config.KEY=VALUE} */
    static Driver java(String name, List<String> codecs, String jars, String... extra) {
        return new Driver(name, codecs, true, null, (verb, arguments) -> {
            List<String> all = new ArrayList<>(List.of(verb));
            all.addAll(arguments);
            if (!verb.equals("produce") && !verb.equals("transact")) all.addAll(List.of(extra));
            return Jvm.start(Jvm.testClasses() + File.pathSeparator + jars, List.of(), JavaDriver.class.getName(), all);
        });
    }

    /** A program in src/test/drivers. */
    static String source(String path) {
        return Path.of("src/test/drivers", path).toAbsolutePath().toString();
    }

    static Path target(String path) {
        return Path.of(System.getProperty("milena.test.target", "target"), path).toAbsolutePath();
    }
}
