/**
 * MicroProfile Health: the only classes that know its types, so that the rest works on a server without it.
 *
 * <p>The checks are made when the application starts. One that is made when somebody asks for {@code /health} belongs to that request's web
 * application for Payara, which is the server's own and keeps the class, and our class loader, after undeploy.
 */
package org.milena.broker.api.health;
