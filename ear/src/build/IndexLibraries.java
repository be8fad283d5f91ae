import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jboss.jandex.IndexWriter;
import org.jboss.jandex.Indexer;

/**
 * Run by the build on the finished EAR: puts a META-INF/jandex.idx into every library that holds no beans (no META-INF/beans.xml).
 *
 * <p>WildFly reads every class of every library for annotations, unless it finds this file: of the 22,000 classes in ours none has
 * one that concerns a server, and reading them took half of the whole start. The index is empty, and is true: it lists the classes in
 * which a server may look for components. Nothing else in a library changes; its entries are copied as they are. Jars are stored, not
 * deflated a second time, so that a server need not inflate them to unpack the EAR.
 */
class IndexLibraries {

    private static final String INDEX = "META-INF/jandex.idx";

    public static void main(String[] args) throws IOException {
        try (FileSystem ear = FileSystems.newFileSystem(Path.of(args[0]), Map.of("compressionMethod", "STORED"))) {
            for (Path library : jars(ear.getPath("lib"))) {
                index(library);
            }
        }
    }

    private static List<Path> jars(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
        }
    }

    private static void index(Path library) throws IOException {
        FileTime time = Files.getLastModifiedTime(library);
        Path copy = Files.createTempFile("library", ".jar");
        try {
            Files.copy(library, copy, StandardCopyOption.REPLACE_EXISTING);
            try (FileSystem jar = FileSystems.newFileSystem(copy)) {
                Path index = jar.getPath(INDEX);
                if (Files.notExists(index) && Files.notExists(jar.getPath("META-INF/beans.xml"))) {
                    Files.createDirectories(index.getParent());
                    Files.write(index, emptyIndex());
                    setTime(index, time);
                }
            }
            Files.copy(copy, library, StandardCopyOption.REPLACE_EXISTING);
            setTime(library, time);
        } finally {
            Files.delete(copy);
        }
    }

    /** All three: a build that is repeated gives the same bytes. */
    private static void setTime(Path file, FileTime time) throws IOException {
        Files.getFileAttributeView(file, BasicFileAttributeView.class).setTimes(time, time, time);
    }

    private static byte[] emptyIndex() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new IndexWriter(bytes).write(new Indexer().complete());
        return bytes.toByteArray();
    }
}
