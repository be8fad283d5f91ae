package org.milena.web;

import java.util.Map;

/** A small HTML page of tables; escapes whatever it is given. */
final class Page {

    private final StringBuilder body = new StringBuilder();
    private final String title;

    Page(String title) {
        this.title = title;
    }

    Page paragraph(String text) {
        body.append("<p>").append(escape(text)).append("</p>\n");
        return this;
    }

    /** Left out when there are no rows. */
    Page table(String caption, Map<String, String> rows) {
        if (rows.isEmpty()) {
            return this;
        }
        body.append("<table><caption>").append(escape(caption)).append("</caption>\n");
        rows.forEach((name, value) -> body.append("<tr><th scope=\"row\">").append(escape(name)).append("</th><td>")
            .append(escape(value)).append("</td></tr>\n"));
        body.append("</table>\n");
        return this;
    }

    String html() {
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>%1$s</title>
            <style>
            body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
            table { border-collapse: collapse; width: 100%%; margin: 1.5rem 0 }
            caption { text-align: left; font-weight: bold }
            th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-top: 1px solid #767676; overflow-wrap: anywhere }
            th { font-weight: normal; width: 14rem }
            </style>
            </head>
            <body>
            <main>
            <h1>%1$s</h1>
            %2$s</main>
            </body>
            </html>
            """.formatted(escape(title), body);
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;").replace("'", "&#39;");
    }
}
