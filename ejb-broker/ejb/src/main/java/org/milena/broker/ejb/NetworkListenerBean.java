package org.milena.broker.ejb;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.DependsOn;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.util.List;
import org.milena.broker.Broker;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.MetricsService;
import org.milena.broker.api.NetworkListener;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.time.Timer;

/** Opens the door, when everything behind it is ready; closes it first of all. */
@Startup
@Singleton(name = "NetworkListener")
@DependsOn("Housekeeping")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class NetworkListenerBean implements NetworkListener, MetricsService {

    private static final System.Logger LOG = System.getLogger(NetworkListenerBean.class.getName());

    /** No server tells its applications that it has said all it has to say about their start; this long after ours it has. */
    private static final long WELCOME_AFTER_MS = 2_000;

    @Inject
    Parts parts;

    private final InVmDoor door = new InVmDoor();
    private Broker broker;
    private Timer.Task welcome;

    @PostConstruct
    void start() {
        broker = parts.get(Broker.class);
        StartPhase.run(parts, "listener", this::listen, broker::close);
        door.open(broker.inVmAccess());
        broker.report().register(BrokerStatus.current());
        BrokerStatus.current().started();
        LOG.log(Level.INFO, "Milena is ready: listening on {0}, clients are told {1}", parts.get(BrokerConfig.class).listeners(), advertised());
        // Not the server's scheduler: a thread that a pool of the server starts on our call would keep our class loader (JDK 17) as long as it lives.
        welcome = broker.timer().schedule(WELCOME_AFTER_MS, this::welcome);
    }

    private void welcome() {
        LOG.log(Level.INFO, """
            Welcome to Milena.
              Kafka clients connect to:  {0}
              Data is kept in:           {1}
              Started in:                {2}
              Try:  echo hello | kcat -b {0} -t greetings -P; kcat -b {0} -t greetings -C -e
               or:  kafka-console-producer.sh --bootstrap-server {0} --topic greetings
                    kafka-console-consumer.sh --bootstrap-server {0} --topic greetings --from-beginning""",
            advertised().get(0), parts.get(Settings.class).dataDirectory(), StartPhase.summary(BrokerStatus.current().phases()));
    }

    private void listen() {
        try {
            broker.listen();
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage() + " (another server may use it; see listeners)", e);
        }
    }

    /** Stops the whole broker, from the listener to the logs: while the other beans are still there. */
    @PreDestroy
    void stop() {
        welcome.cancel();
        BrokerStatus.current().stopped();
        broker.report().unregister(BrokerStatus.current());
        door.close();
        broker.close();
    }

    @Override
    public List<String> advertised() {
        return broker.report().advertised();
    }

    @Override
    public int connections() {
        return broker.report().connections();
    }

    @Override
    public String contentType(String acceptHeader) {
        return broker.metrics().contentType(acceptHeader);
    }

    @Override
    public void scrape(OutputStream out, String acceptHeader) throws IOException {
        broker.metrics().scrape(out, acceptHeader);
    }
}
