/** Milena in the browser, under the application's own context root. Knows the broker by its business interfaces only. */
package org.milena.web;
