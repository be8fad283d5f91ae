package org.milena.broker.ejb;

/** A setting is wrong; the message names key, value and what is allowed. Stops the deployment. */
class ConfigurationException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ConfigurationException(String message, Throwable cause) {
        super(message, cause);
    }
}
