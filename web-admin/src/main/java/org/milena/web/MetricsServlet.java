package org.milena.web;

import jakarta.ejb.EJB;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.milena.broker.api.MetricsService;

/** What Prometheus scrapes. */
@WebServlet("/metrics")
public class MetricsServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    @EJB
    private transient MetricsService metrics;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String accept = request.getHeader("Accept");
        response.setContentType(metrics.contentType(accept));
        response.setHeader("Cache-Control", "no-store");
        metrics.scrape(response.getOutputStream(), accept);
    }
}
