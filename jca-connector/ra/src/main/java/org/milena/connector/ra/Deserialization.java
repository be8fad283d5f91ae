package org.milena.connector.ra;

import jakarta.json.bind.Jsonb;
import jakarta.json.bind.JsonbBuilder;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.milena.connector.RecordDeserializer;

/**
 * Finds what turns bytes into a bean's objects: a class of the application's, named as a deserializer; else by the type, texts and bytes as they are,
 * anything else by JSON-B. Kafka's deserializers are called by reflection, since an application may bring Kafka's classes itself.
 */
final class Deserialization implements AutoCloseable {

    private final ClassLoader application;
    private Jsonb jsonb;

    Deserialization(ClassLoader application) {
        this.application = application;
    }

    /**
     * @param property     for messages: key or value
     * @param deserializer a class's name, or null
     * @param type         a class's name, or null for a text
     * @throws IllegalArgumentException naming the property and what is wrong with it
     */
    RecordDeserializer<?> of(String property, String deserializer, String type) {
        if (deserializer != null) {
            return named(property, deserializer);
        }
        if (type == null || type.equals("String") || type.equals(String.class.getName())) {
            return (topic, data) -> data == null ? null : text(data);
        }
        if (type.equals("byte[]")) {
            return (topic, data) -> data;
        }
        Class<?> target = load(property + "Type", type);
        Jsonb json = jsonb();
        return (topic, data) -> data == null ? null : json.fromJson(text(data), target);
    }

    /** What is no UTF-8 is not read as something else. */
    private static String text(byte[] data) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(data)).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("not a text in UTF-8: " + e.getMessage(), e);
        }
    }

    private Jsonb jsonb() {
        if (jsonb == null) {
            jsonb = JsonbBuilder.create();
        }
        return jsonb;
    }

    private Class<?> load(String property, String name) {
        for (ClassLoader loader : new ClassLoader[] {application, Deserialization.class.getClassLoader()}) {
            try {
                return Class.forName(name, true, loader);
            } catch (ClassNotFoundException | LinkageError e) {
                // the next, or said below
            }
        }
        throw new IllegalArgumentException(property + ": there is no class " + name + " in the application");
    }

    private RecordDeserializer<?> named(String property, String name) {
        Class<?> type = load(property + "Deserializer", name);
        Object instance;
        Method deserialize;
        try {
            instance = type.getConstructor().newInstance();
            if (instance instanceof RecordDeserializer<?> own) {
                return own;
            }
            deserialize = type.getMethod("deserialize", String.class, byte[].class);
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException(property + "Deserializer: " + name + " can't be created: " + e.getCause(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(property + "Deserializer: " + name + " needs a public constructor without arguments, and to be a "
                    + RecordDeserializer.class.getName() + " or to have a public method deserialize(String, byte[])", e);
        }
        configure(type, instance, property.equals("key"));
        return (topic, data) -> call(deserialize, instance, topic, data);
    }

    /** Kafka's are configured before use. */
    private static void configure(Class<?> type, Object instance, boolean isKey) {
        try {
            call(type.getMethod("configure", Map.class, boolean.class), instance, Map.of(), isKey);
        } catch (NoSuchMethodException e) {
            // not Kafka's
        }
    }

    private static Object call(Method method, Object instance, Object... arguments) {
        try {
            return method.invoke(instance, arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(String.valueOf(e.getCause().getMessage()), e.getCause());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(method + " can't be called: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws Exception {
        if (jsonb != null) {
            jsonb.close();
        }
    }
}
