package org.milena.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.Hashtable;
import java.util.concurrent.atomic.AtomicInteger;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.spi.InitialContextFactory;
import javax.naming.spi.NamingManager;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server that boots: a name is bound only after some lookups, or never. */
class ServerDataSourceTest {

    private static final DataSource BOUND = new JdbcDataSource();
    private static final AtomicInteger LOOKUPS = new AtomicInteger();
    private static volatile int boundAfter;

    /** The JDK takes one builder in a VM's life; no other test of this module looks a name up. */
    @BeforeAll
    static void bootAServer() throws Exception {
        Context context = (Context) Proxy.newProxyInstance(Context.class.getClassLoader(), new Class<?>[] {Context.class}, (proxy, method, arguments) -> {
            if (!method.getName().equals("lookup")) {
                return null;
            }
            if (LOOKUPS.getAndIncrement() < boundAfter) {
                throw new NameNotFoundException(String.valueOf(arguments[0]));
            }
            return BOUND;
        });
        InitialContextFactory factory = environment -> context;
        NamingManager.setInitialContextFactoryBuilder((Hashtable<?, ?> environment) -> factory);
    }

    @BeforeEach
    void forget() {
        LOOKUPS.set(0);
    }

    @Test
    void oneThatIsBoundLaterIsWaitedFor() throws Exception {
        boundAfter = 3;
        assertThat(ServerDataSource.lookup("java:/later", 60_000)).isSameAs(BOUND);
        assertThat(LOOKUPS).hasValue(4);
    }

    @Test
    void oneThatIsNeverBoundIsNamed() {
        boundAfter = Integer.MAX_VALUE;
        assertThatThrownBy(() -> ServerDataSource.lookup("java:/never", 0)).isInstanceOf(NameNotFoundException.class).hasMessageContaining("java:/never");
    }
}
