package org.milena.tools.transactions;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The tool is a client like any other: it meets the broker on the wire only. */
class WallsTest {

    private final JavaClasses product = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.milena.tools");

    @Test
    void nothingOfTheBrokerIsKnown() {
        noClasses().should().dependOnClassesThat().resideInAnyPackage("org.milena.broker..", "io.netty..", "jakarta..").check(product);
    }

    @Test
    void ofKafkaOnlyItsProtocol() {
        noClasses().should().dependOnClassesThat().resideInAnyPackage("org.apache.kafka.clients..", "org.apache.kafka.server..").check(product);
    }
}
