package org.milena.web;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Check;

/**
 * Health as JSON in the form of MicroProfile Health, with 503 when down; also where the server has no health endpoint.
 * {@code /health}, {@code /health/ready}, {@code /health/live}, {@code /health/started}.
 */
@WebServlet("/health/*")
public class HealthServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String part = request.getPathInfo() == null ? "/" : request.getPathInfo();
        if (!part.matches("/|/ready|/live|/started")) {
            response.sendError(HttpServletResponse.SC_NOT_FOUND);
            return;
        }
        BrokerStatus status = BrokerStatus.current();
        JsonArrayBuilder checks = Json.createArrayBuilder();
        boolean up = true;
        if (part.matches("/|/started|/ready")) {
            checks.add(check("started", new Check(status.isStarted(), Map.of())));
            up = status.isStarted();
        }
        if (part.matches("/|/ready")) {
            up &= add(checks, status.readiness());
        }
        if (part.matches("/|/live")) {
            up &= add(checks, status.liveness());
        }
        response.setStatus(up ? HttpServletResponse.SC_OK : HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        response.setContentType("application/json");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-store");
        response.getWriter().write(Json.createObjectBuilder().add("status", word(up)).add("checks", checks).build().toString());
    }

    private static boolean add(JsonArrayBuilder checks, Map<String, Check> answers) {
        answers.forEach((name, answer) -> checks.add(check(name, answer)));
        return answers.values().stream().allMatch(Check::up);
    }

    private static JsonObjectBuilder check(String name, Check answer) {
        JsonObjectBuilder data = Json.createObjectBuilder();
        answer.data().forEach(data::add);
        return Json.createObjectBuilder().add("name", name).add("status", word(answer.up())).add("data", data);
    }

    private static String word(boolean up) {
        return up ? "UP" : "DOWN";
    }
}
