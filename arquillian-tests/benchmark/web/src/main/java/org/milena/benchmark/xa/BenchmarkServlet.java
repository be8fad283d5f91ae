package org.milena.benchmark.xa;

import jakarta.annotation.Resource;
import jakarta.ejb.EJB;
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.milena.benchmark.xa.Broker.Bean;

/** Runs one workload on one broker and answers with one line, or fails: docs/benchmark/artemis.sh says what they are. One request at a time. */
@WebServlet("/run")
public class BenchmarkServlet extends HttpServlet {

    private static final int FILL = 400;
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(3);

    @Resource
    private ManagedThreadFactory threads;
    @EJB(beanName = "Milena")
    private Broker milena;
    @EJB(beanName = "Artemis")
    private Broker artemis;
    @EJB(beanName = "Nothing")
    private Broker nothing;
    @EJB
    private Sender sender;
    @EJB
    private Rows rows;
    @EJB
    private Deliveries deliveries;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws ServletException, IOException {
        try {
            Broker broker = broker(request.getParameter("broker"));
            String workload = request.getParameter("workload");
            rows.clear();
            String result = switch (workload) {
                case "send" -> send(broker, number(request, "threads"), number(request, "seconds"));
                case "receive" -> receive(workload, broker, Bean.SINGLE, number(request, "messages"));
                case "receive-batch" -> receive(workload, broker, Bean.BATCH, number(request, "messages"));
                default -> throw new ServletException("No workload " + workload);
            };
            response.setContentType("text/plain");
            response.getWriter().write(result);
        } catch (ServletException e) {
            throw e;
        } catch (Exception e) {
            throw new ServletException(e);
        }
    }

    private Broker broker(String name) throws ServletException {
        return switch (name) {
            case "milena" -> milena;
            case "artemis" -> artemis;
            case "nothing" -> nothing;
            default -> throw new ServletException("No broker " + name);
        };
    }

    private static int number(HttpServletRequest request, String name) {
        return Integer.parseInt(request.getParameter(name));
    }

    private String send(Broker broker, int concurrency, int seconds) throws Exception {
        AtomicLong ids = new AtomicLong();
        AtomicLong done = new AtomicLong();
        Run run = new Run();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        inThreads(concurrency, () -> {
            while (System.nanoTime() < end) {
                sender.sendAndInsert(broker, ids.incrementAndGet());
                done.incrementAndGet();
            }
        });
        String result = run.result("send", broker, done.get(), done.get());
        check(rows.count(), done.get());
        broker.clear();
        return result;
    }

    private String receive(String workload, Broker broker, Bean bean, int messages) throws Exception {
        broker.pause(bean);
        fill(broker, bean, messages);
        deliveries.reset();
        Run run = new Run();
        broker.resume(bean);
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (deliveries.messages() < messages) {
            if (System.nanoTime() > deadline) {
                throw new ServletException(broker.name() + " has delivered " + deliveries.messages() + " of " + messages);
            }
            TimeUnit.MILLISECONDS.sleep(2); // between two looks
        }
        String result = run.result(workload, broker, deliveries.transactions(), deliveries.messages());
        check(rows.count(), messages);
        return result;
    }

    private void fill(Broker broker, Bean bean, int messages) throws Exception {
        AtomicLong next = new AtomicLong();
        inThreads(4, () -> {
            for (long from = next.getAndAdd(FILL); from < messages; from = next.getAndAdd(FILL)) {
                broker.fill(bean, LongStream.range(from, Math.min(messages, from + FILL)).mapToObj(Message::of).toList());
            }
        });
    }

    private static void check(long found, long expected) throws ServletException {
        if (found != expected) {
            throw new ServletException("Rows: " + found + ", messages: " + expected);
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    private void inThreads(int concurrency, Work work) throws Exception {
        List<FutureTask<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < concurrency; i++) {
            FutureTask<Void> task = new FutureTask<>(() -> {
                work.run();
                return null;
            });
            tasks.add(task);
            threads.newThread(task).start();
        }
        for (FutureTask<Void> task : tasks) {
            task.get();
        }
    }
}
