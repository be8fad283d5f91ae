package org.milena.tools.transactions;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the operator has typed.
 *
 * @param bootstrap       brokers to ask; the first that can be reached
 * @param xid             in small letters; null: of any
 * @param resourceManager null: of any
 * @param transactionalId null: of any
 * @param confirmed       without being asked
 * @param timeoutMs       how long to ask again while brokers say that they can't say yet
 */
record Arguments(Command command, List<HostPort> bootstrap, String xid, String resourceManager, String transactionalId, boolean confirmed,
                 int timeoutMs) {

    enum Command {
        HELP, LIST, DESCRIBE, COMMIT, ROLLBACK, FORGET;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        boolean changesSomething() {
            return this == COMMIT || this == ROLLBACK || this == FORGET;
        }
    }

    /** A broker's address. */
    record HostPort(String host, int port) {

        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    static final String USAGE = """
            Usage: java -jar milena-transactions.jar --bootstrap-server HOST:PORT[,HOST:PORT...] COMMAND [OPTIONS]

            Shows XA branches that wait for their transaction manager, and ends those whose transaction manager is gone for good.

            list       all of them, in a table; with --resource-manager only its branches
            describe   all that is known of them, or of those that the options name
            commit     commits a branch that is in doubt, without its transaction manager (a heuristic decision)
            rollback   rolls it back likewise
            forget     takes away the memory of such a decision, which its transaction manager, if it lived, would do

            --xid XID                the branch, as list and the broker's log write it: format:global id:qualifier, in hexadecimal digits
            --resource-manager NAME  only branches of this resource manager
            --transactional-id ID    only the branch of this transactional id
            --yes                    commit, rollback and forget don't ask for confirmation
            --timeout-ms MS          how long to ask again while a broker can't say yet; 30000 unless given
            --help                   this text

            Exit code: 0 done, 1 not done.""";

    private static final Set<String> WITH_VALUE = Set.of("--bootstrap-server", "--xid", "--resource-manager", "--transactional-id", "--timeout-ms");
    private static final Pattern XID = Pattern.compile("-?\\d{1,10}:([0-9a-f]{2}){1,64}:([0-9a-f]{2}){0,64}");
    private static final int PATIENCE_MS = 30_000;

    /** @throws ToolException they can't be meant */
    static Arguments parse(String... args) throws ToolException {
        Map<String, String> options = new HashMap<>();
        List<String> words = new ArrayList<>();
        Deque<String> rest = new ArrayDeque<>(List.of(args));
        while (!rest.isEmpty()) {
            String arg = rest.remove();
            if (!arg.startsWith("--")) {
                words.add(arg);
                continue;
            }
            int equals = arg.indexOf('=');
            String name = equals < 0 ? arg : arg.substring(0, equals);
            String value = equals < 0 ? null : arg.substring(equals + 1);
            if (WITH_VALUE.contains(name)) {
                value = value == null ? rest.poll() : value;
                check(value != null && !value.isEmpty(), name + " needs a value");
            } else {
                check((name.equals("--yes") || name.equals("--help")) && value == null, "There is no option " + arg);
                value = "";
            }
            check(options.put(name, value) == null, name + " is given twice");
        }
        return options.containsKey("--help") ? new Arguments(Command.HELP, List.of(), null, null, null, false, 0) : parse(words, options);
    }

    private static Arguments parse(List<String> words, Map<String, String> options) throws ToolException {
        check(words.size() == 1, words.isEmpty() ? "A command is missing" : "One command at a time, not " + String.join(" ", words));
        Command command = command(words.get(0));
        check(options.containsKey("--bootstrap-server"), "--bootstrap-server is missing");
        String xid = options.get("--xid");
        if (xid != null) {
            xid = xid.toLowerCase(Locale.ROOT);
            check(XID.matcher(xid).matches(), "\"" + options.get("--xid") + "\" is no Xid, which is written as format:global id:qualifier, such as "
                    + "131077:0102:03");
        }
        check(xid != null || !command.changesSomething(), command.word() + " needs --xid");
        return new Arguments(command, bootstrap(options.get("--bootstrap-server")), xid, options.get("--resource-manager"),
                options.get("--transactional-id"), options.containsKey("--yes"), timeout(options.get("--timeout-ms")));
    }

    private static Command command(String word) throws ToolException {
        for (Command each : Command.values()) {
            if (each.word().equals(word)) {
                return each;
            }
        }
        throw ToolException.usage("There is no command " + word);
    }

    private static List<HostPort> bootstrap(String list) throws ToolException {
        List<HostPort> all = new ArrayList<>();
        for (String each : list.split(",")) {
            int colon = each.lastIndexOf(':');
            int port = colon < 1 ? -1 : number(each.substring(colon + 1));
            check(port > 0 && port < 65_536, "\"" + each + "\" is no address of a broker, which is written as host:port");
            String host = each.substring(0, colon).strip();
            all.add(new HostPort(host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host, port));
        }
        return all;
    }

    private static int timeout(String text) throws ToolException {
        if (text == null) {
            return PATIENCE_MS;
        }
        int timeout = number(text);
        check(timeout > 0, "\"" + text + "\" is no number of milliseconds");
        return timeout;
    }

    /** Or -1. */
    private static int number(String text) {
        try {
            return Integer.parseInt(text.strip());
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static void check(boolean right, String message) throws ToolException {
        if (!right) {
            throw ToolException.usage(message);
        }
    }
}
