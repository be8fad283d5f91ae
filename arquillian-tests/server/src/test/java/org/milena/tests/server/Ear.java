package org.milena.tests.server;

import java.io.File;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.importer.ZipImporter;
import org.jboss.shrinkwrap.api.spec.EnterpriseArchive;
import org.jboss.shrinkwrap.api.spec.WebArchive;

/** The EAR that is shipped. */
final class Ear {

    private Ear() {
    }

    static EnterpriseArchive asBuilt() {
        return ShrinkWrap.create(ZipImporter.class, "milena.ear").importFrom(new File(System.getProperty("milena.test.ear"))).as(EnterpriseArchive.class);
    }

    /** With a test class in its WAR and otherwise unchanged. */
    static EnterpriseArchive with(Class<?> test) {
        EnterpriseArchive ear = asBuilt();
        ear.getAsType(WebArchive.class, "milena-web-admin.war").addClass(test);
        return ear;
    }
}
