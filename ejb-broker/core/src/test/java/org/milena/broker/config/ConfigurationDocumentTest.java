package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Run with {@code -DwriteDocs=true} to write the tables anew after a key has changed. */
class ConfigurationDocumentTest {

    private static final Path FILE = Path.of("../../docs/configuration.md");

    @Test
    void theDocumentSaysWhatTheDefinitionsSay() throws IOException {
        String text = Files.readString(FILE);
        int begin = text.indexOf(ConfigTable.BEGIN);
        int end = text.indexOf(ConfigTable.END) + ConfigTable.END.length();
        assertThat(begin).as("the generated part of " + FILE).isNotNegative().isLessThan(end);
        if (Boolean.getBoolean("writeDocs")) {
            Files.writeString(FILE, text.substring(0, begin) + ConfigTable.markdown() + text.substring(end));
            return;
        }
        assertThat(text.substring(begin, end)).as("write it anew with -DwriteDocs=true").isEqualTo(ConfigTable.markdown());
    }
}
