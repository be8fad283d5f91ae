package org.milena.tools.transactions;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.milena.tools.transactions.Arguments.Command;
import org.milena.tools.transactions.Arguments.HostPort;

/** What can be typed, and what is said of the rest. Nobody listens at the address: wrong arguments are found before. */
class ArgumentsTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "''|A command is missing.",
        "list|--bootstrap-server is missing.",
        "--bootstrap-server|--bootstrap-server needs a value.",
        "--bootstrap-server= list|--bootstrap-server needs a value.",
        "--bootstrap-server localhost list|\"localhost\" is no address of a broker, which is written as host:port.",
        "--bootstrap-server localhost:x list|\"localhost:x\" is no address of a broker, which is written as host:port.",
        "--bootstrap-server localhost:70000 list|\"localhost:70000\" is no address of a broker, which is written as host:port.",
        "--bootstrap-server localhost:1 end|There is no command end.",
        "--bootstrap-server localhost:1 list describe|One command at a time, not list describe.",
        "--bootstrap-server localhost:1 commit|commit needs --xid.",
        "--bootstrap-server localhost:1 forget --yes|forget needs --xid.",
        "--bootstrap-server localhost:1 commit --xid 131077|\"131077\" is no Xid, which is written as format:global id:qualifier, such as 131077:0102:03.",
        "--bootstrap-server localhost:1 commit --xid 131077::03|\"131077::03\" is no Xid, which is written as format:global id:qualifier, such as 131077:0102:03.",
        "--bootstrap-server localhost:1 list --xid 1:01:02 --xid 1:01:02|--xid is given twice.",
        "--bootstrap-server localhost:1 list --force|There is no option --force.",
        "--bootstrap-server localhost:1 list --yes=no|There is no option --yes=no.",
        "--bootstrap-server localhost:1 list --timeout-ms soon|\"soon\" is no number of milliseconds.",
        "--bootstrap-server localhost:1 list --timeout-ms 0|\"0\" is no number of milliseconds."})
    void wrongArgumentsAreNamedAboveTheUsage(String line, String complaint) {
        Ran ran = Ran.with("", line.isEmpty() ? new String[0] : line.split(" "));
        assertThat(ran.failed()).isEqualTo(complaint + "\n\n" + Arguments.USAGE + "\n");
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void helpIsNoError() {
        assertThat(Ran.with("", "--help").ok()).isEqualTo(Arguments.USAGE + "\n").startsWith("Usage: java -jar milena-transactions.jar --bootstrap-server");
    }

    @Test
    void allThatCanBeTyped() throws ToolException {
        Arguments all = Arguments.parse("--bootstrap-server", "a:1,[::1]:2", "commit", "--xid=-7:0A0b:", "--resource-manager", "crm", "--transactional-id",
                "id", "--yes", "--timeout-ms", "5");
        assertThat(all.command()).isEqualTo(Command.COMMIT);
        assertThat(all.bootstrap()).containsExactly(new HostPort("a", 1), new HostPort("::1", 2));
        assertThat(all.bootstrap()).extracting(HostPort::toString).containsExactly("a:1", "[::1]:2");
        assertThat(all.xid()).as("in small letters, as list writes it").isEqualTo("-7:0a0b:");
        assertThat(all.resourceManager()).isEqualTo("crm");
        assertThat(all.transactionalId()).isEqualTo("id");
        assertThat(all.confirmed()).isTrue();
        assertThat(all.timeoutMs()).isEqualTo(5);
    }

    @ParameterizedTest
    @CsvSource({"-5, 0s", "0, 0s", "59999, 59s", "60000, 1m 0s", "3599000, 59m 59s", "3600000, 1h 0m", "86399000, 23h 59m", "86400000, 1d 0h", "180000000, 2d 2h"})
    void agesAreReadable(long ms, String age) {
        assertThat(WaitingBranch.age(ms)).isEqualTo(age);
    }
}
