package org.milena.tests.connector;

import jakarta.ejb.EJB;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.sql.SQLException;

/** The rows, for the test: a line each. */
@WebServlet("/rows")
public class OrderRowsServlet extends HttpServlet {

    @EJB
    private transient OrderRows rows;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException, ServletException {
        response.setContentType("text/plain");
        try {
            for (String row : rows.all()) {
                response.getWriter().println(row);
            }
        } catch (SQLException e) {
            throw new ServletException(e);
        }
    }
}
