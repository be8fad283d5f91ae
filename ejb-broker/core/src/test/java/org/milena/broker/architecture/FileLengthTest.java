package org.milena.broker.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No file that people write has more than 600 lines, in any module, tests included: a longer one hides a second responsibility. */
class FileLengthTest {

    private static final int MOST_LINES = 600;
    private static final Set<String> WRITTEN = Set.of("java", "xml", "xhtml", "sql", "sh", "py", "js", "mjs", "go", "md", "css", "properties", "yml");
    private static final Set<String> NOT_OURS = Set.of("target", "node_modules", ".git", ".idea");

    @Test
    void noFileHasMoreThan600Lines() throws IOException {
        Path root = root();
        List<String> tooLong = new ArrayList<>();
        List<Path> files = sources(root);
        for (Path file : files) {
            try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
                long count = lines.count();
                if (count > MOST_LINES) {
                    tooLong.add(root.relativize(file) + ": " + count + " lines");
                }
            }
        }
        assertThat(files).as("files found under " + root).anyMatch(f -> f.endsWith("FileLengthTest.java"));
        assertThat(tooLong).isEmpty();
    }

    private static List<Path> sources(Path root) throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                return NOT_OURS.contains(directory.getFileName().toString()) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String name = file.getFileName().toString();
                if (WRITTEN.contains(name.substring(name.lastIndexOf('.') + 1))) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException error) {
                return FileVisitResult.CONTINUE; // another build removes its files while we look
            }
        });
        return files;
    }

    /** The topmost directory with a pom above the module under test. */
    private static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (directory.getParent() != null && Files.exists(directory.getParent().resolve("pom.xml"))) {
            directory = directory.getParent();
        }
        return directory;
    }
}
