package org.milena.broker.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.callMethodWhere;
import static com.tngtech.archunit.lang.conditions.ArchConditions.dependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The load-bearing walls of the broker's plain-Java half (docs/architecture.md): what is broken here costs the simulation tests. */
class WallsTest {

    private static final String[] PLAIN = {"org.milena.broker.log..", "org.milena.broker.replication..", "org.milena.broker.group..",
        "org.milena.broker.transaction..", "org.milena.broker.coordinator.."};

    private static final Map<String, Set<String>> CLOCKS = Map.of(
            "java.lang.System", Set.of("currentTimeMillis", "nanoTime"),
            "java.time.Instant", Set.of("now"),
            "java.time.Clock", Set.of("systemUTC", "systemDefaultZone"),
            "java.time.LocalDateTime", Set.of("now"));
    private static final Map<String, Set<String>> THREADS = Map.of(
            "java.lang.Thread", Set.of("sleep", "start", "startVirtualThread", "ofVirtual", "ofPlatform"),
            "java.util.concurrent.ForkJoinPool", Set.of("commonPool"));

    /** Wire format too, though kafka-clients keeps it with its clients: the bytes inside JoinGroup, the codes inside IncrementalAlterConfigs. */
    private static final Set<String> ALSO_PROTOCOL = Set.of("org.apache.kafka.clients.consumer.internals.ConsumerProtocol",
            "org.apache.kafka.clients.admin.AlterConfigOp$OpType");

    private static JavaClasses product;

    @BeforeAll
    static void readClasses() {
        product = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("org.milena");
    }

    @Test
    void logReplicationGroupAndTransactionKnowNeitherJakartaNorNetty() {
        noClasses().that(resideInAnyPackage(PLAIN)).should(dependOnClassesThat(resideInAnyPackage(
                "jakarta..", "io.netty..", "org.milena.broker.network..", "org.milena.broker.handler.."))).check(product);
    }

    @Test
    void theyStartNoThreads() {
        noClasses().that(resideInAnyPackage(PLAIN)).should(dependOnClassesThat(DescribedPredicate.describe("make threads",
                c -> Set.of("java.util.concurrent.Executors", "java.util.concurrent.ThreadPoolExecutor",
                        "java.util.concurrent.ScheduledThreadPoolExecutor", "java.util.Timer").contains(c.getName())
                        || c.isAssignableTo(Thread.class) && !c.getName().equals(Thread.class.getName())))).check(product);
        noClasses().that(resideInAnyPackage(PLAIN)).should().callConstructorWhere(DescribedPredicate.describe("makes a Thread",
                call -> call.getTargetOwner().isAssignableTo(Thread.class))).check(product);
        noClasses().that(resideInAnyPackage(PLAIN)).should(callMethodWhere(oneOf("starts or delays a thread", THREADS))).check(product);
        noClasses().that(resideInAnyPackage(PLAIN)).should(callMethodWhere(DescribedPredicate.describe("runs on the common pool",
                call -> call.getTargetOwner().getName().equals("java.util.concurrent.CompletableFuture") && call.getName().endsWith("Async")
                        && call.getTarget().getRawParameterTypes().stream().noneMatch(p -> p.isAssignableTo(java.util.concurrent.Executor.class))))).check(product);
    }

    @Test
    void theyReadNoClock() {
        noClasses().that(resideInAnyPackage(PLAIN)).should(callMethodWhere(oneOf("reads a clock", CLOCKS))).check(product);
    }

    @Test
    void plainJavaKnowsNoServer() {
        noClasses().that(resideInAnyPackage("org.milena.broker..")).and(DescribedPredicate.describe("are not the service interfaces",
                        c -> !c.getPackageName().startsWith("org.milena.broker.api")))
                .should(dependOnClassesThat(resideInAnyPackage("jakarta..", "org.jboss..", "org.wildfly..", "fish.payara.."))).check(product);
    }

    @Test
    void ofKafkaOnlyTheWireFormatIsUsed() {
        noClasses().should(dependOnClassesThat(DescribedPredicate.describe("are Kafka's, but not its protocol",
                c -> c.getPackageName().startsWith("kafka.") || c.getPackageName().startsWith("org.apache.kafka")
                        && !c.getPackageName().startsWith("org.apache.kafka.common") && !ALSO_PROTOCOL.contains(c.getBaseComponentType().getName())))).check(product);
    }

    /** But for the coordinator's generated record classes, in tests only: {@link #ofKafkaOnlyTheWireFormatIsUsed} keeps the product from them. */
    @Test
    void kafkasServerIsNotOnTheClassPath() {
        for (String name : new String[] {"kafka.server.KafkaConfig", "org.apache.kafka.storage.internals.log.LogSegment",
            "org.apache.kafka.server.common.MetadataVersion"}) {
            org.assertj.core.api.Assertions.assertThat(getClass().getClassLoader().getResource(name.replace('.', '/') + ".class")).as(name).isNull();
        }
    }

    private static DescribedPredicate<JavaMethodCall> oneOf(String what, Map<String, Set<String>> methods) {
        return DescribedPredicate.describe(what, call -> methods.getOrDefault(call.getTargetOwner().getName(), Set.of()).contains(call.getName()));
    }
}
