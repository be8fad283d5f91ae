package org.milena.benchmark.xa;

import jakarta.ejb.EJB;
import jakarta.ejb.Stateless;

/** One JTA transaction: a message and a row. */
@Stateless
public class Sender {

    @EJB
    private Rows rows;

    public void sendAndInsert(Broker broker, long id) throws Exception {
        broker.send(Message.of(id));
        rows.insert(id);
    }
}
