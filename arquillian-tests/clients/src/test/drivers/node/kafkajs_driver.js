// The driver of KafkaJS; README.md in the folder above tells the contract.
'use strict'
const { Kafka, CompressionTypes, CompressionCodecs, logLevel } = require('kafkajs')
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
  groupId: options.group, heartbeatInterval: 300, maxBytesPerPartition: 2000000, maxWaitTimeInMs: 100, metadataMaxAge: 1000
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

// Exit drops what a slow reader has not taken yet: wait until all is written.
({ produce, consume, member, time })[command]().then(() => process.stdout.write('', () => process.exit(0)), error => {
  console.error(error)
  process.exit(1)
})
