package org.milena.persistence;

import jakarta.persistence.EntityManagerFactory;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import javax.sql.DataSource;
import org.hibernate.boot.MetadataSources;
import org.hibernate.boot.registry.BootstrapServiceRegistryBuilder;
import org.hibernate.boot.registry.StandardServiceRegistry;
import org.hibernate.boot.registry.StandardServiceRegistryBuilder;
import org.hibernate.boot.registry.classloading.internal.TcclLookupPrecedence;
import org.hibernate.bytecode.internal.none.BytecodeProviderImpl;
import org.hibernate.bytecode.spi.BytecodeProvider;

/**
 * What persistence.xml would say. As a file, a server would find it and make a container-managed unit of it.
 *
 * <p>Every class that Hibernate does not load is a shorter start: it is told what it would else find out, and it makes no classes of its
 * own at run time. So no entity is lazy: {@code getReference} is refused.
 */
final class PersistenceUnit {

    private static final List<Class<?>> MANAGED = List.of(Cluster.class, Counter.class, Broker.class, Topic.class, DeletedTopic.class, Partition.class,
        Partition.Key.class, Config.class, Config.Key.class);

    private PersistenceUnit() {
    }

    /** A database's own name and version. */
    record Product(String name, int major, int minor) {
    }

    /** Told which database it is, Hibernate need not ask it for all that its driver can do, which takes long. */
    static EntityManagerFactory createFactory(DataSource dataSource, Product product) {
        try (Quiet quiet = new Quiet("org.hibernate", Level.WARNING)) {
            BootstrapServiceRegistryBuilder loading = new BootstrapServiceRegistryBuilder().applyClassLoader(PersistenceUnit.class.getClassLoader());
            loading.applyTcclLookupPrecedence(TcclLookupPrecedence.NEVER);
            StandardServiceRegistry registry = new StandardServiceRegistryBuilder(loading.build())
                .addService(BytecodeProvider.class, new BytecodeProviderImpl())
                .applySettings(settings(dataSource, product))
                .build();
            try {
                return new MetadataSources(registry).addAnnotatedClasses(MANAGED.toArray(new Class<?>[0])).buildMetadata().buildSessionFactory();
            } catch (RuntimeException | Error e) {
                StandardServiceRegistryBuilder.destroy(registry);
                throw e;
            }
        }
    }

    private static Map<String, Object> settings(DataSource dataSource, Product product) {
        return Map.ofEntries(
            Map.entry("jakarta.persistence.nonJtaDataSource", dataSource),
            Map.entry("jakarta.persistence.database-product-name", product.name()),
            Map.entry("jakarta.persistence.database-major-version", product.major()),
            Map.entry("jakarta.persistence.database-minor-version", product.minor()),
            Map.entry("jakarta.persistence.validation.mode", "none"),
            Map.entry("hibernate.boot.allow_jdbc_metadata_access", "false"),
            Map.entry("hibernate.xml_mapping_enabled", "false"),
            Map.entry("hibernate.hbm2ddl.auto", "none"),
            Map.entry("hibernate.transaction.coordinator_class", "jdbc"),
            Map.entry("hibernate.transaction.jta.platform", "org.hibernate.engine.transaction.jta.platform.internal.NoJtaPlatform"),
            Map.entry("hibernate.cache.use_second_level_cache", "false"),
            Map.entry("hibernate.type.json_format_mapper", new NoFormat()),
            Map.entry("hibernate.type.xml_format_mapper", new NoFormat()),
            Map.entry("hibernate.jdbc.batch_size", "50"));
    }

    /** Closes a factory so that nothing of it stays in classes that are not ours. */
    static void close(EntityManagerFactory factory) {
        factory.close();
        ClassValues.forget(MANAGED);
    }
}
