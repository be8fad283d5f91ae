// The driver of KafkaJS; README.md in the folder above tells the contract.
'use strict'
const { Kafka, CompressionTypes, CompressionCodecs, logLevel } = require('kafkajs')
const readline = require('readline')
const lz4 = require('lz4js')
const xxh32 = require('lz4js/xxh32.js')
const { ZstdCodec } = require('zstd-codec')

CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy')
// lz4js leaves the flag "blocks are independent" unset, without which Kafka refuses a frame; one block is always independent.
function independent (frame) {
  frame[4] |= 0x20
  frame[6] = (xxh32.hash(0, frame, 4, 2) >>> 8) & 0xff
  return frame
}
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async encoder => independent(Buffer.from(lz4.compress(encoder.buffer))),
  decompress: async buffer => Buffer.from(lz4.decompress(buffer))
})
const zstd = new Promise(resolve => ZstdCodec.run(library => resolve(new library.Simple())))
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async encoder => Buffer.from((await zstd).compress(encoder.buffer)),
  decompress: async buffer => Buffer.from((await zstd).decompress(buffer))
})
const codecTypes = {
  none: CompressionTypes.None, gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy, lz4: CompressionTypes.LZ4, zstd: CompressionTypes.ZSTD
}

const [command, bootstrap, ...rest] = process.argv.slice(2)
const options = Object.fromEntries(rest.map(argument => [argument.slice(0, argument.indexOf('=')), argument.slice(argument.indexOf('=') + 1)]))
// Errors only: what KafkaJS retries by itself (a topic just created) is no news.
const kafka = new Kafka({ clientId: 'kafkajs-driver', brokers: [bootstrap], logLevel: logLevel.ERROR })
const decode = text => (text === '-' ? null : Buffer.from(text, 'base64'))
const encode = data => (data === null || data === undefined ? '-' : Buffer.from(data).toString('base64'))

async function input () {
  let text = ''
  for await (const chunk of process.stdin) text += chunk
  return text.split('\n').filter(line => line.length > 0)
}

function message (line) {
  const [partition, timestamp, key, value, headers] = line.split('\t')
  const pairs = headers.split(';').filter(pair => pair.length > 0).map(pair => pair.split(':'))
  return {
    partition: Number(partition), timestamp, key: decode(key), value: decode(value),
    headers: Object.fromEntries(pairs.map(([name, content]) => [name, decode(content)]))
  }
}

function show (topic, partition, record) {
  const headers = Object.entries(record.headers || {}).map(([name, value]) => name + ':' + encode(value)).join(';')
  console.log(['record', topic, partition, record.offset, record.timestamp, encode(record.key), encode(record.value), headers].join('\t'))
}

async function produce () {
  const messages = (await input()).map(message)
  for (const codec of options.codecs.split(',')) {
    const idempotent = options.idempotent === 'true'
    const producer = kafka.producer({ idempotent, maxInFlightRequests: idempotent ? 1 : undefined, metadataMaxAge: 1000 })
    await producer.connect()
    await producer.send({ topic: options.topic + '.' + codec, acks: -1, compression: codecTypes[codec], messages })
    await producer.disconnect()
  }
}

const consumer = () => kafka.consumer({
  groupId: options.group, heartbeatInterval: 300, maxBytesPerPartition: 2000000, maxWaitTimeInMs: 100, metadataMaxAge: 1000,
  readUncommitted: options.isolation === 'read_uncommitted'
})

async function consume () {
  let left = Number(options.count)
  const ends = new Map()
  const reader = consumer()
  await reader.connect()
  await reader.subscribe({ topics: options.topics.split(','), fromBeginning: true })
  await new Promise((resolve, reject) => {
    reader.on(reader.events.CRASH, event => reject(event.payload.error))
    reader.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message }) => {
        if (left <= 0) return
        show(topic, partition, message)
        ends.set(topic + '/' + partition, { topic, partition, offset: String(BigInt(message.offset) + 1n) })
        if (--left === 0) resolve()
      }
    }).catch(reject)
  })
  await reader.commitOffsets([...ends.values()])
  await reader.disconnect()
}

async function member () {
  const reader = consumer()
  reader.on(reader.events.GROUP_JOIN, ({ payload }) => {
    const all = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) => partitions.map(p => topic + '-' + p))
    console.log(['assigned', ...all.sort()].join('\t'))
  })
  await reader.connect()
  await reader.subscribe({ topics: options.topics.split(','), fromBeginning: true })
  await reader.run({
    autoCommitThreshold: 1,
    eachMessage: async ({ topic, partition, message }) => show(topic, partition, message)
  })
  await input()
  await reader.disconnect()
}

async function time () {
  const admin = kafka.admin()
  await admin.connect()
  const found = await admin.fetchTopicOffsetsByTimestamp(options.topic, Number(options.timestamp))
  const ends = await admin.fetchTopicOffsets(options.topic)
  await admin.disconnect()
  // KafkaJS itself turns "none" into the log's end.
  const of = list => Number(list.find(entry => entry.partition === Number(options.partition)).offset)
  console.log('offset\t' + (of(found) === of(ends) ? -1 : of(found)))
}

const transactional = () => kafka.producer({ transactionalId: options.id, idempotent: true, maxInFlightRequests: 1, metadataMaxAge: 1000 })

async function transact () {
  const producer = transactional()
  await producer.connect()
  // KafkaJS asks for its epoch when the first transaction begins, and not before.
  let next = await producer.transaction()
  let current
  const steps = {
    begin: async () => { current = next || await producer.transaction(); next = null },
    send: (topic, ...fields) => current.send({ topic, acks: -1, messages: [message(fields.join('\t'))] }),
    commit: () => current.commit(),
    abort: () => current.abort()
  }
  console.log('ready')
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [step, ...fields] = line.split('\t')
    await steps[step](...fields).then(() => console.log('ok'), error => console.log('error\t' + (error.type || error.name)))
  }
  await producer.disconnect()
}

async function transformBatch (producer, topic, partition, messages, open) {
  const transaction = await producer.transaction()
  await transaction.send({
    topic: options.output, acks: -1, messages: messages.map(({ timestamp, key, value }) => ({ partition, timestamp, key, value }))
  })
  const offset = String(BigInt(messages[messages.length - 1].offset) + 1n)
  await transaction.sendOffsets({ consumerGroupId: options.group, topics: [{ topic, partitions: [{ partition, offset }] }] })
  if (!open) await transaction.commit()
}

async function transform () {
  let left = Number(options.count)
  let open = 0
  const producer = transactional()
  await producer.connect()
  // As above: what another instance left open must end before the group's offsets are read.
  await (await producer.transaction()).abort()
  const reader = consumer()
  await reader.connect()
  await reader.subscribe({ topics: [options.input], fromBeginning: true })
  await new Promise((resolve, reject) => {
    reader.on(reader.events.CRASH, event => reject(event.payload.error))
    reader.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch, resolveOffset }) => {
        for (let start = 0; start < batch.messages.length && left > 0;) {
          const messages = batch.messages.slice(start, start + Math.min(5, left))
          start += messages.length
          left -= messages.length
          if (left === 0 && options.crash === 'true') open = messages.length
          await transformBatch(producer, batch.topic, batch.partition, messages, open > 0)
          resolveOffset(messages[messages.length - 1].offset)
        }
        if (left === 0) resolve()
      }
    }).catch(reject)
  })
  await reader.disconnect()
  if (open > 0) console.log('left open\t' + open)
  else await producer.disconnect()
}

// Exit drops what a slow reader has not taken yet: wait until all is written.
({ produce, consume, member, time, transact, transform })[command]().then(() => process.stdout.write('', () => process.exit(0)), error => {
  console.error(error)
  process.exit(1)
})
