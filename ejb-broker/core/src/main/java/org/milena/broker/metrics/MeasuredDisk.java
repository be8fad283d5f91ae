package org.milena.broker.metrics;

import java.io.IOException;
import java.nio.file.Path;
import org.milena.broker.log.DelegatingDisk;
import org.milena.broker.log.Disk;
import org.milena.broker.time.BrokerClock;

/** A disk whose fsyncs of files are timed; one that fails is told too. */
public final class MeasuredDisk extends DelegatingDisk {

    private final BrokerClock clock;
    private final FlushListener listener;

    public MeasuredDisk(Disk disk, BrokerClock clock, FlushListener listener) {
        super(disk);
        this.clock = clock;
        this.listener = listener;
    }

    @Override
    public Handle open(Path file, Mode mode) throws IOException {
        return new DelegatingHandle(super.open(file, mode)) {
            @Override
            public void force() throws IOException {
                long before = clock.nanoTime();
                try {
                    super.force();
                } finally {
                    listener.flushed(clock.nanoTime() - before);
                }
            }
        };
    }
}
