package org.milena.broker.faults;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.Uuid;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.cluster.MetadataStore;

/** Metadata that survives a killed process, as the server's database does: the whole state in one file, replaced at every change. */
final class FileMetadataStore implements MetadataStore {

    private final Path file;
    private final InMemoryMetadataStore memory = new InMemoryMetadataStore();
    private String clusterId = "";
    private long incarnation;
    private long nextProducerId;

    FileMetadataStore(Path file) {
        this.file = file;
        if (Files.exists(file)) {
            read();
        }
    }

    @SuppressWarnings("unchecked")
    private void read() {
        try (ObjectInputStream in = new ObjectInputStream(Files.newInputStream(file))) {
            clusterId = in.readUTF();
            incarnation = in.readLong();
            nextProducerId = in.readLong();
            memory.clusterId(clusterId.isEmpty() ? null : clusterId);
            memory.allocateProducerIds(nextProducerId - 1, 0);
            for (List<Object> t : (List<List<Object>>) in.readObject()) {
                List<PartitionRow> partitions = ((List<List<Object>>) t.get(4)).stream().map(p -> new PartitionRow((int) p.get(0), (int) p.get(1),
                        (int) p.get(2), (List<Integer>) p.get(3), (List<Integer>) p.get(4), (long) p.get(5))).toList();
                memory.createTopic(new TopicRow(Uuid.fromString((String) t.get(0)), (String) t.get(1), (boolean) t.get(2), (boolean) t.get(3),
                        partitions, (Map<String, String>) t.get(5)));
            }
            ((Map<String, Map<String, Map<String, String>>>) in.readObject())
                    .forEach((type, names) -> names.forEach((name, values) -> memory.alterConfigs(type, name, values)));
            for (String id : (List<String>) in.readObject()) {
                memory.createTopic(new TopicRow(Uuid.fromString(id), "deleted-" + id, false, false, List.of(), Map.of()));
                memory.deleteTopic(Uuid.fromString(id));
            }
        } catch (IOException | ClassNotFoundException e) {
            throw new IllegalStateException("Reading " + file, e);
        }
    }

    private synchronized <T> T changed(Supplier<T> change) {
        T result = change.get();
        Path next = file.resolveSibling(file.getFileName() + ".next");
        Snapshot now = memory.load();
        try (ObjectOutputStream out = new ObjectOutputStream(Files.newOutputStream(next))) {
            out.writeUTF(clusterId);
            out.writeLong(incarnation);
            out.writeLong(nextProducerId);
            List<List<Object>> topics = new ArrayList<>();
            for (TopicRow t : now.topics()) {
                List<List<Object>> partitions = new ArrayList<>();
                t.partitions().forEach(p -> partitions.add(new ArrayList<>(List.of(p.index(), p.leader(), p.leaderEpoch(),
                        new ArrayList<>(p.replicas()), new ArrayList<>(p.isr()), p.version()))));
                topics.add(new ArrayList<>(List.of(t.id().toString(), t.name(), t.internal(), t.configsHeld(), partitions, new HashMap<>(t.configs()))));
            }
            out.writeObject(topics);
            out.writeObject(now.configs());
            out.writeObject(new ArrayList<>(now.deleted().stream().map(Uuid::toString).toList()));
            out.flush();
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return result;
    }

    private void change(Runnable change) {
        changed(() -> {
            change.run();
            return null;
        });
    }

    @Override
    public Snapshot load() {
        return memory.load();
    }

    @Override
    public String clusterId(String preferred) {
        return changed(() -> clusterId = memory.clusterId(preferred));
    }

    @Override
    public long newIncarnation(int brokerId) {
        return changed(() -> ++incarnation);
    }

    @Override
    public void createTopic(TopicRow topic) {
        change(() -> memory.createTopic(topic));
    }

    @Override
    public void deleteTopic(Uuid id) {
        change(() -> memory.deleteTopic(id));
    }

    @Override
    public void forgetDeleted(Collection<Uuid> ids) {
        change(() -> memory.forgetDeleted(ids));
    }

    @Override
    public void addPartitions(Uuid topicId, List<PartitionRow> added) {
        change(() -> memory.addPartitions(topicId, added));
    }

    @Override
    public boolean updatePartition(Uuid topicId, PartitionRow next, long expectedVersion) {
        return changed(() -> memory.updatePartition(topicId, next, expectedVersion));
    }

    @Override
    public boolean updatePartitions(List<PartitionUpdate> updates) {
        return changed(() -> memory.updatePartitions(updates));
    }

    @Override
    public void alterConfigs(String type, String name, Map<String, String> changes) {
        change(() -> memory.alterConfigs(type, name, changes));
    }

    @Override
    public void releaseConfigs(Uuid topicId) {
        change(() -> memory.releaseConfigs(topicId));
    }

    @Override
    public long allocateProducerIds(long above, int size) {
        return changed(() -> {
            long first = memory.allocateProducerIds(above, size);
            nextProducerId = first + size;
            return first;
        });
    }
}
