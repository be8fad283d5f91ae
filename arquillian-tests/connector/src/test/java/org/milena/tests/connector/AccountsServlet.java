package org.milena.tests.connector;

import jakarta.ejb.EJB;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Calls the bean for the test: {@code ?create}, {@code ?rows}, or {@code ?id=i&end=commit|rollback|throw|outside|refused[&first=topic][&halt=h&at=n]}. */
@WebServlet("/accounts")
public class AccountsServlet extends HttpServlet {

    @EJB
    private transient Accounts accounts;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/plain");
        try {
            if (request.getParameter("create") != null) {
                accounts.create();
            } else if (request.getParameter("rows") != null) {
                for (String row : accounts.rows()) {
                    response.getWriter().println(row);
                }
            } else {
                book(request, request.getParameter("id"), request.getParameter("end"));
            }
        } catch (Exception e) {
            response.setStatus(503);
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                response.getWriter().println(cause);
            }
        }
    }

    private void book(HttpServletRequest request, String id, String end) throws Exception {
        switch (end) {
            case "outside" -> accounts.sendOutside(id);
            case "refused" -> accounts.bookAlthoughTheSendFails(id);
            default -> accounts.book(id, end, "topic".equals(request.getParameter("first")), request.getParameter("halt"),
                    request.getParameter("at") == null ? -1 : Integer.parseInt(request.getParameter("at")));
        }
    }
}
