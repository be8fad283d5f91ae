package org.milena.benchmark.xa;

import jakarta.annotation.Resource;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.jms.BytesMessage;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSProducer;
import jakarta.jms.Queue;
import java.lang.management.ManagementFactory;
import java.util.List;
import javax.management.ObjectName;

/** WildFly's ActiveMQ Artemis, in the VM. */
@Stateless
@TransactionAttribute(TransactionAttributeType.SUPPORTS)
public class Artemis implements Broker {

    @Resource(lookup = "java:/JmsXA")
    private ConnectionFactory pooled;

    @Resource(lookup = "java:/ConnectionFactory")
    private ConnectionFactory plain;

    @Resource(lookup = "java:/jms/queue/sent")
    private Queue sent;

    @Resource(lookup = SingleMessages.QUEUE)
    private Queue single;

    @Override
    public String name() {
        return "artemis";
    }

    @Override
    public void send(byte[] message) throws Exception {
        try (JMSContext context = pooled.createContext()) {
            context.createProducer().send(sent, bytes(context, message)); // persistent, as is the default
        }
    }

    private static BytesMessage bytes(JMSContext context, byte[] message) throws Exception {
        BytesMessage bytes = context.createBytesMessage();
        bytes.writeBytes(message);
        return bytes;
    }

    @Override
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public void fill(Bean bean, List<byte[]> messages) throws Exception {
        try (JMSContext context = plain.createContext(JMSContext.SESSION_TRANSACTED)) {
            JMSProducer producer = context.createProducer();
            for (byte[] message : messages) {
                producer.send(single, bytes(context, message));
            }
            context.commit();
        }
    }

    @Override
    public void pause(Bean bean) throws Exception {
        manage("received", "pause");
    }

    @Override
    public void resume(Bean bean) throws Exception {
        manage("received", "resume");
    }

    /** A queue keeps what nobody takes, in memory too. */
    @Override
    public void clear() throws Exception {
        manage("sent", "removeMessages", "");
    }

    private static void manage(String queue, String operation, Object... arguments) throws Exception {
        ObjectName name = new ObjectName("jboss.as:subsystem=messaging-activemq,server=default,jms-queue=" + queue);
        String[] signature = arguments.length == 0 ? null : new String[] {String.class.getName()};
        ManagementFactory.getPlatformMBeanServer().invoke(name, operation, arguments.length == 0 ? null : arguments, signature);
    }
}
