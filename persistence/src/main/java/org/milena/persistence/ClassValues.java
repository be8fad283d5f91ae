package org.milena.persistence;

import java.lang.annotation.Annotation;
import java.lang.invoke.MethodType;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Hibernate remembers what it found out about a class in static {@link ClassValue}s. Such a value lives in the class it tells of; where
 * that is the server's or the JDK's (an annotation, the type of an id), it holds our Hibernate and our class loader for ever.
 */
final class ClassValues {

    private static final System.Logger LOG = System.getLogger(ClassValues.class.getName());

    private static final List<String> OWNERS = List.of("org.hibernate.boot.model.internal.BinderHelper",
        "org.hibernate.engine.internal.ManagedTypeHelper");

    private ClassValues() {
    }

    /** Removes what was remembered of the classes that {@code ours} mention. */
    static void forget(List<Class<?>> ours) {
        Set<Class<?>> mentioned = new HashSet<>(List.of(Object.class, Long.class));
        ours.forEach(type -> {
            mentioned.add(type);
            addAnnotations(type, mentioned);
            for (Field field : type.getDeclaredFields()) {
                mentioned.add(MethodType.methodType(field.getType()).wrap().returnType());
                addAnnotations(field, mentioned);
            }
        });
        for (String owner : OWNERS) {
            try {
                for (Field field : Class.forName(owner, false, ClassValues.class.getClassLoader()).getDeclaredFields()) {
                    if (field.getType() == ClassValue.class && Modifier.isStatic(field.getModifiers())) {
                        field.setAccessible(true);
                        ClassValue<?> remembered = (ClassValue<?>) field.get(null);
                        mentioned.forEach(remembered::remove);
                    }
                }
            } catch (ReflectiveOperationException | RuntimeException e) {
                LOG.log(System.Logger.Level.DEBUG, "This Hibernate may keep the deployment's class loader after undeploy", e);
            }
        }
    }

    private static void addAnnotations(AnnotatedElement element, Set<Class<?>> found) {
        Arrays.stream(element.getAnnotations()).map(Annotation::annotationType).forEach(found::add);
    }
}
