package org.milena.web;

import jakarta.ejb.EJB;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Check;
import org.milena.broker.api.BrokerStatus.Phase;
import org.milena.broker.api.Configuration;
import org.milena.broker.api.Metadata;
import org.milena.broker.api.NetworkListener;
import org.milena.broker.api.TopicAdministration;

/** The page at the context root: is it running, where, on which data. */
@WebServlet("")
public class StatusServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @EJB
    private transient Configuration configuration;

    @EJB
    private transient Metadata metadata;

    @EJB
    private transient NetworkListener listener;

    @EJB
    private transient TopicAdministration topics;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        BrokerStatus status = BrokerStatus.current();
        Map<String, Check> checks = status.readiness();
        boolean ready = status.isStarted() && checks.values().stream().allMatch(Check::up);
        Page page = new Page("Milena")
            .paragraph(ready ? "Ready." : "Not ready.")
            .table("Broker", broker())
            .table("Checks", checks.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey,
                e -> (e.getValue().up() ? "up " : "down ") + e.getValue().data(), (a, b) -> a, LinkedHashMap::new)))
            .table("Start", status.phases().stream().collect(Collectors.toMap(Phase::name, p -> p.millis() + " ms", (a, b) -> b, LinkedHashMap::new)))
            .table("Settings", configuration.settings().entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey,
                e -> e.getValue().value() + " (" + e.getValue().source() + ")", (a, b) -> a, LinkedHashMap::new)));
        response.setContentType("text/html");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-store");
        response.setHeader("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
        response.getWriter().write(page.html());
    }

    private Map<String, String> broker() {
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("Kafka clients connect to", String.join(", ", listener.advertised()));
        rows.put("Connections", String.valueOf(listener.connections()));
        rows.put("Topics", String.valueOf(topics.topics().size()));
        rows.put("Cluster", metadata.clusterId());
        rows.put("Node", String.valueOf(configuration.nodeId()));
        rows.put("Data directory", configuration.dataDirectory().toString());
        rows.put("Log directories", configuration.logDirectories().stream().map(String::valueOf).collect(Collectors.joining(", ")));
        rows.put("Metadata", metadata.database());
        return rows;
    }
}
