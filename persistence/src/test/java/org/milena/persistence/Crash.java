package org.milena.persistence;

import java.nio.file.Path;
import java.util.UUID;

/** A process that commits, says so, and is gone in the same moment. */
final class Crash {

    private Crash() {
    }

    public static void main(String[] arguments) {
        Database database = Database.open(DatabaseSettings.h2File(Path.of(arguments[0])));
        for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
            String name = "t" + i;
            database.call(entities -> {
                new TopicRepository(entities).add(new Topic(UUID.randomUUID(), name, false, false));
                return null;
            });
        }
        System.out.println(database.<Long>callDurably(e -> new ClusterRepository(e).takeProducerIds(0, 1000)));
        System.out.flush();
        Runtime.getRuntime().halt(9);
    }
}
