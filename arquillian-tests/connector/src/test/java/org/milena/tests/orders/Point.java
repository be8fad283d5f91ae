package org.milena.tests.orders;

import java.nio.file.Path;

/**
 * Where a server is halted in the course of a delivery and its transaction, which has an offset, a record and a row in it. Methods are named as Byteman's
 * rules name them; what a server has none of is null there.
 */
enum Point {

    // The bean
    BEFORE_DELIVERY(Kind.DELIVERY, "org.milena.connector.ra.TransactedDelivering.deliver", "AT ENTRY"),
    BEFORE_ON_MESSAGE(Kind.DELIVERY, "org.milena.connector.ra.Endpoints.call", "AT ENTRY"),
    AFTER_ON_MESSAGE(Kind.DELIVERY, "org.milena.connector.ra.Endpoints.call", "AT EXIT"),
    BEFORE_AFTER_DELIVERY(Kind.DELIVERY, "org.milena.connector.ra.TransactedDelivering.deliver", "AT INVOKE MessageEndpoint.afterDelivery"),
    AFTER_AFTER_DELIVERY(Kind.DELIVERY, "org.milena.connector.ra.TransactedDelivering.deliver", "AFTER INVOKE MessageEndpoint.afterDelivery"),

    // The votes
    BEFORE_MILENA_PREPARES(Kind.PREPARE, "org.milena.connector.client.ResourceManager.prepare", "AT ENTRY"),
    RECORDS_FLUSHED_NO_VOTE(Kind.PREPARE, "org.milena.broker.transaction.TransactionCoordinatorShard.vote", "AT ENTRY"),
    VOTE_WRITTEN_NOT_FLUSHED(Kind.PREPARE, "org.milena.broker.transaction.TransactionCoordinatorShard.committed", "AT ENTRY", "$2.isInDoubt()"),
    AFTER_MILENA_PREPARED(Kind.PREPARE, "org.milena.connector.client.ResourceManager.prepare", "AT EXIT"),
    BEFORE_DATABASE_PREPARES(Kind.PREPARE, "org.postgresql.xa.PGXAConnection.prepare", "AT ENTRY"),
    AFTER_DATABASE_PREPARED(Kind.PREPARE, "org.postgresql.xa.PGXAConnection.prepare", "AT EXIT"),

    // The decision, in the log of the transaction manager
    BEFORE_DECISION(Kind.DECISION, Log.WRITE, "AT ENTRY", Log.OF_A_TRANSACTION),
    AFTER_DECISION(Kind.DECISION, Log.WRITE, "AT EXIT", Log.OF_A_TRANSACTION),
    BEFORE_DECISION_IS_FORGOTTEN(Kind.DECISION, Log.REMOVE, "AT ENTRY", Log.REMOVED),

    // Its way to the resources
    BEFORE_MILENA_COMMITS(Kind.COMMIT, "org.milena.connector.client.ResourceManager.commit(Cluster,Xid,boolean)", "AT ENTRY"),
    DECISION_WRITTEN_NOT_FLUSHED(Kind.COMMIT, "org.milena.broker.transaction.TransactionCoordinatorShard.committed", "AT ENTRY",
            "$2.branch() != null && $2.state().isDecided()"),
    AFTER_MILENA_COMMITTED(Kind.COMMIT, "org.milena.connector.client.ResourceManager.commit(Cluster,Xid,boolean)", "AT EXIT"),
    BEFORE_DATABASE_COMMITS(Kind.COMMIT, "org.postgresql.xa.PGXAConnection.commit", "AT ENTRY"),
    AFTER_DATABASE_COMMITTED(Kind.COMMIT, "org.postgresql.xa.PGXAConnection.commit", "AT EXIT"),

    // The markers
    BEFORE_MARKERS(Kind.MARKERS, "org.milena.broker.transaction.MarkerWriter.writeAll", "AT ENTRY", "$2.branch() != null"),
    /** A branch of one partition has one; a dead letter and the offset behind it always have two. */
    BETWEEN_MARKERS(Kind.MARKERS, "org.milena.broker.transaction.MarkerWriter.written", "AT EXIT", "$4 == null && !$0.outstanding($1).isEmpty()"),
    AFTER_MARKERS(Kind.MARKERS, "org.milena.broker.transaction.TransactionCoordinatorShard.complete", "AT ENTRY");

    enum Kind { DELIVERY, PREPARE, DECISION, COMMIT, MARKERS }

    /** The transaction managers': Narayana's in WildFly, Payara's own. */
    private static final class Log {
        private static final boolean NARAYANA = System.getProperty("milena.test.server").equals("wildfly");
        private static final String STORE = "com.arjuna.ats.internal.arjuna.objectstore.FileSystemStore";
        private static final String WRITE = NARAYANA ? STORE + ".write_committed" : "com.sun.jts.CosTransactions.CoordinatorLog.write";
        /** Payara forces its decisions to the disk, and nothing else. */
        private static final String OF_A_TRANSACTION = NARAYANA ? "$2.endsWith(\"/AtomicAction\")" : "$1";
        private static final String REMOVE = NARAYANA ? STORE + ".remove_committed" : "com.sun.jts.CosTransactions.CoordinatorLog.removeLog(Long,String)";
        private static final String REMOVED = NARAYANA ? OF_A_TRANSACTION : "TRUE";
    }

    final Kind kind;
    private final String method;
    private final String where;
    private final String condition;

    Point(Kind kind, String method, String where) {
        this(kind, method, where, "TRUE");
    }

    Point(Kind kind, String method, String where, String condition) {
        this.kind = kind;
        this.method = method;
        this.where = where;
        this.condition = condition;
    }

    /** How many transactions of a load are sure to come here, at least. */
    int visits(int orders) {
        return this == BETWEEN_MARKERS ? 1 : orders;
    }

    /**
     * Byteman's rule.
     *
     * @param visit the how-manieth halts the JVM
     * @param mark  a file that is there afterwards
     */
    String rule(int visit, Path mark) {
        int parameters = method.indexOf('(') < 0 ? method.length() : method.indexOf('(');
        int dot = method.lastIndexOf('.', parameters);
        return """
            RULE %s
            CLASS %s
            METHOD %s
            %s
            IF %s && incrementCounter("%1$s") == %d
            DO openTrace("mark", "%s"), killJVM()
            ENDRULE
            """.formatted(this, method.substring(0, dot), method.substring(dot + 1), where, condition, visit, mark);
    }
}
