package org.milena.broker.ejb;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import org.junit.jupiter.api.Test;

/** The second load-bearing wall: enterprise beans are a thin shell that never serialises the broker or drags it into a transaction. */
class ShellTest {

    private static final JavaClasses SHELL = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("org.milena.broker.ejb");

    @Test
    void everySingletonManagesItsOwnConcurrencyAndRunsOutsideOfTransactions() {
        classes().that().areAnnotatedWith(Singleton.class).should(new ArchCondition<>("have bean-managed concurrency and NOT_SUPPORTED") {
            @Override
            public void check(JavaClass bean, ConditionEvents events) {
                boolean concurrent = bean.tryGetAnnotationOfType(ConcurrencyManagement.class)
                        .filter(a -> a.value() == ConcurrencyManagementType.BEAN).isPresent();
                boolean outside = bean.tryGetAnnotationOfType(TransactionAttribute.class)
                        .filter(a -> a.value() == TransactionAttributeType.NOT_SUPPORTED).isPresent();
                events.add(new SimpleConditionEvent(bean, concurrent && outside, bean.getName()
                        + (concurrent ? "" : " lacks @ConcurrencyManagement(BEAN): one caller at a time")
                        + (outside ? "" : " lacks @TransactionAttribute(NOT_SUPPORTED): it joins its caller's transaction")));
            }
        }).check(SHELL);
    }

    @Test
    void noBeanMakesThreadsOfItsOwn() {
        noClasses().should().dependOnClassesThat().haveFullyQualifiedName("java.util.concurrent.Executors")
                .orShould().callConstructorWhere(com.tngtech.archunit.base.DescribedPredicate.describe("makes a Thread",
                        call -> call.getTargetOwner().isAssignableTo(Thread.class))).check(SHELL);
    }
}
