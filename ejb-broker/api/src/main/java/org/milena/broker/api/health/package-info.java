/** MicroProfile Health: the only classes that know its types, so that the rest works on a server without it. */
package org.milena.broker.api.health;
