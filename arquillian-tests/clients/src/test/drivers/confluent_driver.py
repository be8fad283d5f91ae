"""The driver of confluent-kafka for Python, that is of librdkafka; README.md beside it tells the contract."""
import base64
import os
import sys
import threading

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition


def decode(text):
    return None if text == "-" else base64.b64decode(text)


def encode(data):
    return "-" if data is None else base64.b64encode(data).decode()


def headers(text):
    pairs = [pair.split(":") for pair in text.split(";") if pair]
    return [(name, decode(value)) for name, value in pairs]


def produce(bootstrap, topic, codecs, idempotent="false", **_):
    lines = [line.rstrip("\n").split("\t") for line in sys.stdin]
    failed = []
    for codec in codecs.split(","):
        producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "compression.codec": codec, "linger.ms": 20,
                             "message.max.bytes": 2_000_000, "enable.idempotence": idempotent == "true",
                             "topic.metadata.refresh.interval.ms": 1000})
        for p, t, k, v, h in lines:
            producer.produce(topic + "." + codec, partition=int(p), timestamp=int(t), key=decode(k), value=decode(v), headers=headers(h),
                             on_delivery=lambda error, _: error and failed.append(error))
        if producer.flush(30) or failed:
            sys.exit("not delivered: %s" % failed)


def show(record):
    print("record", record.topic(), record.partition(), record.offset(), record.timestamp()[1], encode(record.key()), encode(record.value()),
          ";".join(n + ":" + encode(v) for n, v in record.headers() or []), sep="\t", flush=True)


def consumer(bootstrap, group, isolation="read_committed"):
    return Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
                     "heartbeat.interval.ms": 300, "topic.metadata.refresh.interval.ms": 1000, "fetch.wait.max.ms": 100, "isolation.level": isolation})


def checked(record):
    if record.error():
        sys.exit("cannot read: %s" % record.error())
    return record


def consume(bootstrap, topics, group, count, isolation="read_committed", **_):
    c, left, ends = consumer(bootstrap, group, isolation), int(count), {}
    c.subscribe(topics.split(","))
    while left > 0:
        record = c.poll(1)
        if record is not None:
            show(checked(record))
            ends[record.topic(), record.partition()] = record.offset() + 1
            left -= 1
    for result in c.commit(offsets=[TopicPartition(t, p, o) for (t, p), o in ends.items()], asynchronous=False):
        if result.error:
            sys.exit("not committed: %s" % result.error)
    c.close()


def assigned(_, partitions):
    print("assigned", *sorted("%s-%d" % (tp.topic, tp.partition) for tp in partitions), sep="\t", flush=True)


def member(bootstrap, topics, group, **_):
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    c = consumer(bootstrap, group)
    c.subscribe(topics.split(","), on_assign=assigned)
    while not over.is_set():
        record = c.poll(0.2)
        if record is not None:
            show(checked(record))
            c.commit(message=record, asynchronous=False)
    c.close()


def time(bootstrap, topic, partition, timestamp, **_):
    c = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused"})
    found = c.offsets_for_times([TopicPartition(topic, int(partition), int(timestamp))], 20)[0]
    print("offset", found.offset if found.offset >= 0 else -1, sep="\t")
    c.close()


def transactional(bootstrap, name):
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": name, "topic.metadata.refresh.interval.ms": 1000})
    producer.init_transactions(60)
    return producer


def send(producer, topic, p, t, k, v, h):
    failed = []
    producer.produce(topic, partition=int(p), timestamp=int(t), key=decode(k), value=decode(v), headers=headers(h),
                     on_delivery=lambda error, _: error and failed.append(error))
    if producer.flush(60):
        sys.exit("neither delivered nor refused")
    if failed:
        raise KafkaException(failed[0])


def transact(bootstrap, id, **_):
    producer = transactional(bootstrap, id)
    steps = {"begin": producer.begin_transaction, "send": lambda *fields: send(producer, *fields),
             "commit": lambda: producer.commit_transaction(60), "abort": lambda: producer.abort_transaction(60)}
    print("ready", flush=True)
    for line in sys.stdin:
        step, *fields = line.rstrip("\n").split("\t")
        try:
            steps[step](*fields)
            print("ok", flush=True)
        except KafkaException as e:
            print("error", e.args[0].name(), sep="\t", flush=True)


def transform(bootstrap, input, output, group, id, count, crash="false", **_):
    producer, c, left = transactional(bootstrap, id), consumer(bootstrap, group), int(count)
    c.subscribe([input])
    while left > 0:
        records = [checked(record) for record in c.consume(min(5, left), 1)]
        if not records:
            continue
        producer.begin_transaction()
        for r in records:
            producer.produce(output, partition=r.partition(), timestamp=r.timestamp()[1], key=r.key(), value=r.value())
        ends = {(r.topic(), r.partition()): r.offset() + 1 for r in records}
        producer.send_offsets_to_transaction([TopicPartition(t, p, o) for (t, p), o in ends.items()], c.consumer_group_metadata(), 60)
        left -= len(records)
        if left == 0 and crash == "true":
            producer.flush(60)
            c.close()
            print("left open", len(records), sep="\t", flush=True)
            os._exit(0)
        producer.commit_transaction(60)
    c.close()


{"produce": produce, "consume": consume, "member": member, "time": time, "transact": transact, "transform": transform}[sys.argv[1]](
    sys.argv[2], **dict(argument.split("=", 1) for argument in sys.argv[3:]))
