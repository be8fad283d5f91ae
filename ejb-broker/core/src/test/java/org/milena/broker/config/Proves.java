package org.milena.broker.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the test that shows that changing these configuration keys changes what can be observed: the same steps under two values, and
 * another outcome. {@link EveryKeyIsProvedTest} fails for a key that no test proves.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Proves {

    String[] value();
}
