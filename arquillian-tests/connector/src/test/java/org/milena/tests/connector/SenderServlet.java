package org.milena.tests.connector;

import jakarta.ejb.EJB;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.milena.connector.MilenaException;
import org.milena.connector.RecordMetadata;

/** Calls the bean for the test: {@code ?factory=f&topic=t&value=v[&rollback]}; answers topic-partition@offset, or what the bean was told. */
@WebServlet("/send")
public class SenderServlet extends HttpServlet {

    @EJB
    private transient Sender sender;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/plain");
        try {
            RecordMetadata sent = sender.send(request.getParameter("factory"), request.getParameter("topic"), request.getParameter("value"),
                    request.getParameter("rollback") != null);
            response.getWriter().print(sent.topic() + "-" + sent.partition() + "@" + sent.offset());
        } catch (MilenaException e) {
            response.setStatus(503);
            response.getWriter().print(e.getMessage());
        } catch (Exception e) {
            response.setStatus(500);
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                response.getWriter().println(cause);
            }
        }
    }
}
