// Reads the public events of a Haetae: each once, each case in order, from where it stopped (docs/subscribers.md).
import { existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { Kafka, logLevel } from 'kafkajs'

const env = process.env
const TOPICS = (env.HAETAE_TOPICS ?? 'case.events').split(',')
const GROUP = env.HAETAE_GROUP ?? 'agency-example.cases'
const JOURNAL = env.HAETAE_JOURNAL ?? 'journal.jsonl'
const KNOWN = new Set(['case.changed.v1', 'alert.raised.v1', 'referral.made.v1', 'audit.head-signed.v1'])

// The journal stands for your database: what was done and the memory of it are one line, written at once.
const written = existsSync(JOURNAL) ? readFileSync(JOURNAL, 'utf8').split('\n').filter(Boolean) : []
const lines = written.map((line) => JSON.parse(line))
const handled = new Set(lines.filter((line) => line.id).map((line) => line.id))
const aside = new Set(lines.filter((line) => line.aside).map(placeOf))

function placeOf({ topic, partition, offset }) {
  return `${topic}/${partition}/${offset}`
}

const journal = openSync(JOURNAL, 'a')

function write(line) {
  writeSync(journal, JSON.stringify(line) + '\n')
  fsyncSync(journal)
}

function putAside(place, why) {
  if (aside.has(placeOf(place))) return
  write({ aside: why, ...place })
  aside.add(placeOf(place))
}

function handle(topic, partition, { key, value, headers, offset }) {
  const place = { topic, partition, offset: Number(offset) }
  const id = headers?.ce_id?.toString()
  const type = headers?.ce_type?.toString()
  if (!id || !type || !value) return putAside(place, 'it is no CloudEvent')
  if (!KNOWN.has(type)) return putAside(place, `type ${type} is unknown`)
  if (handled.has(id)) return
  let data
  try {
    data = JSON.parse(value.toString())
  } catch {
    return putAside(place, 'its value is no JSON')
  }
  // Your work goes here. Fields and words that you do not know are no error.
  write({ id, type, key: key?.toString(), data })
  handled.add(id)
}

function security() {
  if ((env.HAETAE_KAFKA_SECURITY ?? 'plaintext') === 'plaintext') return {}
  if (env.HAETAE_KAFKA_SECURITY !== 'sasl-tls') throw new Error('HAETAE_KAFKA_SECURITY: use sasl-tls or plaintext')
  const ssl = env.HAETAE_KAFKA_CA_FILE ? { ca: [readFileSync(env.HAETAE_KAFKA_CA_FILE, 'utf8')] } : true
  const [username, password] = [env.HAETAE_KAFKA_USER, env.HAETAE_KAFKA_PASSWORD]
  return { ssl, sasl: { mechanism: 'scram-sha-512', username, password } }
}

const kafka = new Kafka({
  clientId: GROUP,
  brokers: (env.HAETAE_KAFKA_BOOTSTRAP ?? 'localhost:9092').split(','),
  logLevel: logLevel.ERROR,
  retry: { retries: 1000, maxRetryTime: 10_000 },
  ...security(),
})
const consumer = kafka.consumer({ groupId: GROUP, sessionTimeout: 6000, heartbeatInterval: 2000, maxWaitTimeInMs: 500 })

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => consumer.disconnect().then(() => process.exit(0)))

// Without this it would end with status 0, as if all were well.
consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || process.exit(1))

await consumer.connect()
await consumer.subscribe({ topics: TOPICS, fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch, heartbeat, isRunning, isStale }) => {
    for (const message of batch.messages) {
      if (!isRunning() || isStale()) return
      handle(batch.topic, batch.partition, message)
      const next = (BigInt(message.offset) + 1n).toString()
      await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset: next }])
      await heartbeat()
    }
  },
})
