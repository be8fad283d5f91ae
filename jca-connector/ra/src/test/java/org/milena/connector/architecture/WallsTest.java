package org.milena.connector.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The connector's two rooms, and what stays outside. */
class WallsTest {

    private final JavaClasses product = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.milena.connector");

    @Test
    void theClientKnowsNoServer() {
        noClasses().that().resideInAPackage("org.milena.connector.client..").should().dependOnClassesThat()
                .resideInAnyPackage("jakarta..", "javax.naming..", "org.milena.connector.ra..").check(product);
    }

    @Test
    void nothingOfTheBrokerIsKnown() {
        noClasses().should().dependOnClassesThat().resideInAnyPackage("org.milena.broker..", "io.netty..").check(product);
    }

    @Test
    void ofKafkaOnlyItsProtocol() {
        noClasses().should().dependOnClassesThat().resideInAnyPackage("org.apache.kafka.clients..").check(product);
        noClasses().that().resideInAPackage("org.milena.connector").should().dependOnClassesThat().resideInAnyPackage("org.apache.kafka..").check(product);
    }
}
