package org.milena.persistence;

import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.SharedCacheMode;
import jakarta.persistence.ValidationMode;
import jakarta.persistence.spi.ClassTransformer;
import jakarta.persistence.spi.PersistenceUnitInfo;
import jakarta.persistence.spi.PersistenceUnitTransactionType;
import java.net.URL;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.logging.Level;
import javax.sql.DataSource;
import org.hibernate.jpa.HibernatePersistenceProvider;

/** What persistence.xml would say. As a file, a server would find it and make a container-managed unit of it. */
record PersistenceUnit(DataSource dataSource) implements PersistenceUnitInfo {

    private static final List<Class<?>> MANAGED = List.of(Cluster.class, Counter.class, Broker.class, Topic.class, Partition.class,
        Partition.Key.class, Config.class, Config.Key.class);

    /** A database's own name and version. */
    record Product(String name, int major, int minor) {
    }

    /** Told which database it is, Hibernate need not ask it for all that its driver can do, which takes long. */
    static EntityManagerFactory createFactory(DataSource dataSource, Product product) {
        try (Quiet quiet = new Quiet("org.hibernate", Level.WARNING)) {
            return new HibernatePersistenceProvider().createContainerEntityManagerFactory(new PersistenceUnit(dataSource), Map.ofEntries(
                Map.entry("jakarta.persistence.database-product-name", product.name()),
                Map.entry("jakarta.persistence.database-major-version", product.major()),
                Map.entry("jakarta.persistence.database-minor-version", product.minor()),
                Map.entry("hibernate.boot.allow_jdbc_metadata_access", "false"),
                Map.entry("hibernate.xml_mapping_enabled", "false"),
                Map.entry("hibernate.hbm2ddl.auto", "none"),
                Map.entry("hibernate.transaction.coordinator_class", "jdbc"),
                Map.entry("hibernate.transaction.jta.platform", "org.hibernate.engine.transaction.jta.platform.internal.NoJtaPlatform"),
                Map.entry("hibernate.cache.use_second_level_cache", "false"),
                Map.entry("hibernate.archive.autodetection", "none"),
                Map.entry("hibernate.type.json_format_mapper", new NoFormat()),
                Map.entry("hibernate.type.xml_format_mapper", new NoFormat()),
                Map.entry("hibernate.jdbc.batch_size", "50")));
        }
    }

    /** Closes a factory so that nothing of it stays in classes that are not ours. */
    static void close(EntityManagerFactory factory) {
        factory.close();
        ClassValues.forget(MANAGED);
    }

    @Override
    public String getPersistenceUnitName() {
        return "milena";
    }

    @Override
    public String getPersistenceProviderClassName() {
        return HibernatePersistenceProvider.class.getName();
    }

    @Override
    public PersistenceUnitTransactionType getTransactionType() {
        return PersistenceUnitTransactionType.RESOURCE_LOCAL;
    }

    @Override
    public DataSource getJtaDataSource() {
        return null;
    }

    @Override
    public DataSource getNonJtaDataSource() {
        return dataSource;
    }

    @Override
    public List<String> getMappingFileNames() {
        return List.of();
    }

    @Override
    public List<URL> getJarFileUrls() {
        return List.of();
    }

    @Override
    public URL getPersistenceUnitRootUrl() {
        return null;
    }

    @Override
    public List<String> getManagedClassNames() {
        return MANAGED.stream().map(Class::getName).toList();
    }

    @Override
    public boolean excludeUnlistedClasses() {
        return true;
    }

    @Override
    public SharedCacheMode getSharedCacheMode() {
        return SharedCacheMode.NONE;
    }

    @Override
    public ValidationMode getValidationMode() {
        return ValidationMode.NONE;
    }

    @Override
    public Properties getProperties() {
        return new Properties();
    }

    @Override
    public String getPersistenceXMLSchemaVersion() {
        return "3.1";
    }

    @Override
    public ClassLoader getClassLoader() {
        return PersistenceUnit.class.getClassLoader();
    }

    @Override
    public void addTransformer(ClassTransformer transformer) {
        // entities are used as they are
    }

    @Override
    public ClassLoader getNewTempClassLoader() {
        return null;
    }
}
