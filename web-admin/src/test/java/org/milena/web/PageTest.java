package org.milena.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PageTest {

    @Test
    void escapesWhatItShows() {
        String html = new Page("a & b").paragraph("<script>alert('x')</script>").table("t", Map.of("\"k\"", "<v>")).html();
        assertThat(html).contains("<title>a &amp; b</title>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;", "&quot;k&quot;", "&lt;v&gt;")
            .doesNotContain("<script");
    }

    @Test
    void leavesOutAnEmptyTable() {
        assertThat(new Page("p").table("Settings", Map.of()).html()).doesNotContain("Settings");
    }
}
