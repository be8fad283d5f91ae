/**
 * The shell: enterprise beans that start, stop and show the plain objects of {@code org.milena.broker}, on the server's threads.
 *
 * <p>Each bean is a {@code @Startup @Singleton} with bean-managed concurrency and no transaction: the container's defaults would
 * serialise all calls behind one lock. They start in the order of their {@code @DependsOn} and stop in the reverse one.
 */
package org.milena.broker.ejb;
