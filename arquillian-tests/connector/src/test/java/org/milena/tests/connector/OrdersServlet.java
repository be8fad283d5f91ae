package org.milena.tests.connector;

import jakarta.ejb.EJB;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.milena.connector.MilenaException;
import org.milena.connector.RecordMetadata;

/** Calls the bean for the test: {@code ?topic=t&value=v&count=n&by=vm|socket[&rollback]}; answers topic-partition@offset, a line each, or what failed. */
@WebServlet("/send")
public class OrdersServlet extends HttpServlet {

    @EJB
    private transient Orders orders;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/plain");
        try {
            boolean bySocket = "socket".equals(request.getParameter("by"));
            String topic = request.getParameter("topic");
            String value = request.getParameter("value");
            int count = Integer.parseInt(request.getParameter("count"));
            for (RecordMetadata sent : request.getParameter("rollback") == null ? orders.send(bySocket, topic, value, count)
                    : orders.sendAndRollBack(bySocket, topic, value, count)) {
                response.getWriter().println(sent.topic() + "-" + sent.partition() + "@" + sent.offset());
            }
        } catch (MilenaException e) {
            response.setStatus(503);
            response.getWriter().print(e.getMessage());
        }
    }
}
