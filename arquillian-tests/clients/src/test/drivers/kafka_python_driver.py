"""The driver of kafka-python; README.md beside it tells the contract."""
import base64
import sys
import threading

from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener


def decode(text):
    return None if text == "-" else base64.b64decode(text)


def encode(data):
    return "-" if data is None else base64.b64encode(data).decode()


def headers(text):
    pairs = [pair.split(":") for pair in text.split(";") if pair]
    return [(name, decode(value)) for name, value in pairs]


def produce(bootstrap, topic, codecs, **_):
    lines = [line.rstrip("\n").split("\t") for line in sys.stdin]
    for codec in codecs.split(","):
        producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=20, max_request_size=2_000_000,
                                 compression_type=None if codec == "none" else codec)
        sent = [producer.send(topic + "." + codec, partition=int(p), timestamp_ms=int(t), key=decode(k), value=decode(v), headers=headers(h))
                for p, t, k, v, h in lines]
        producer.flush(30)
        for future in sent:
            future.get(30)
        producer.close()


def show(record):
    print("record", record.topic, record.partition, record.offset, record.timestamp, encode(record.key), encode(record.value),
          ";".join(n + ":" + encode(v) for n, v in record.headers), sep="\t", flush=True)


def consumer(bootstrap, group):
    return KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
                         max_partition_fetch_bytes=2_000_000, heartbeat_interval_ms=300, metadata_max_age_ms=1000)


def consume(bootstrap, topics, group, count, **_):
    c, left, ends = consumer(bootstrap, group), int(count), {}
    c.subscribe(topics.split(","))
    while left > 0:
        for tp, records in c.poll(500).items():
            for record in records[:left]:
                show(record)
                ends[tp] = OffsetAndMetadata(record.offset + 1, "by kafka-python")
                left -= 1
    c.commit(ends)
    c.close()


class Assignments(ConsumerRebalanceListener):
    def on_partitions_revoked(self, revoked):
        pass

    def on_partitions_assigned(self, assigned):
        print("assigned", *sorted("%s-%d" % tp for tp in assigned), sep="\t", flush=True)


def member(bootstrap, topics, group, **_):
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    c = consumer(bootstrap, group)
    c.subscribe(topics.split(","), listener=Assignments())
    while not over.is_set():
        got = c.poll(200)
        for records in got.values():
            for record in records:
                show(record)
        if got:
            c.commit()
    c.close()


def time(bootstrap, topic, partition, timestamp, **_):
    c, tp = KafkaConsumer(bootstrap_servers=bootstrap), TopicPartition(topic, int(partition))
    found = c.offsets_for_times({tp: int(timestamp)})[tp]
    print("offset", found.offset if found else -1, sep="\t")
    c.close()


{"produce": produce, "consume": consume, "member": member, "time": time}[sys.argv[1]](
    sys.argv[2], **dict(argument.split("=", 1) for argument in sys.argv[3:]))
