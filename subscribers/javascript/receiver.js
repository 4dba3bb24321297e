// Takes public events of a Haetae by webhook: each once, and from nobody else (docs/subscribers.md). Node.js alone.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'

const env = process.env
// Two while one takes over from the other.
const SECRETS = (env.HAETAE_WEBHOOK_SECRET ?? '').split(' ').filter(Boolean)
const KEYS = SECRETS.map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
const SENDER = env.HAETAE_WEBHOOK_SENDER ?? '127.0.0.1' // the gateway's host, which you agree to hear from
const JOURNAL = env.HAETAE_JOURNAL ?? 'journal.jsonl'
const KNOWN = new Set(['case.changed.v1', 'alert.raised.v1', 'referral.made.v1', 'audit.head-signed.v1'])
const [LARGEST, TOLERANCE_S] = [1_000_000, 300]

// Anybody can sign with an empty key, and Node.js makes one of whatever is no base64. Standard Webhooks: 24 bytes or more.
if (!KEYS.length || KEYS.some((key) => key.length < 24)) throw new Error('HAETAE_WEBHOOK_SECRET: whsec_… as it was shown')

// The journal stands for your database: what was done and the memory of it are one line, written at once.
const written = existsSync(JOURNAL) ? readFileSync(JOURNAL, 'utf8').split('\n').filter(Boolean) : []
const handled = new Set(written.map((line) => JSON.parse(line).id))
const journal = openSync(JOURNAL, 'a')

function verified(id, timestamp, signatures, body) {
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_S) return false
  return KEYS.some((key) => {
    const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body)
    const ours = Buffer.from('v1,' + hmac.digest('base64'))
    const given = signatures.split(' ').map((one) => Buffer.from(one, 'latin1'))
    return given.some((one) => one.length === ours.length && timingSafeEqual(one, ours))
  })
}

// What it throws keeps you from it: then it comes again.
function handle(id, event) {
  if (handled.has(id)) return
  const { type, sequence, data } = event
  // Your work goes here. Fields and words that you do not know are no error.
  const line = KNOWN.has(type) ? { id, type, sequence, data } : { id, aside: `type ${type} is unknown` }
  writeSync(journal, JSON.stringify(line) + '\n')
  fsyncSync(journal)
  handled.add(id)
}

async function take(request) {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((n) => request.headers[`webhook-${n}`] ?? '')
  const parts = []
  let length = 0
  for await (const part of request) {
    length += part.length
    if (length > LARGEST) return 413
    parts.push(part)
  }
  const body = Buffer.concat(parts)
  if (!verified(id, timestamp, signatures, body)) return 401
  handle(id, JSON.parse(body.toString()))
  return 204
}

createServer(async (request, response) => {
  if (request.method === 'OPTIONS') {
    const wanted = request.headers['webhook-request-origin']?.toLowerCase() === SENDER
    return response.writeHead(200, wanted ? { 'WebHook-Allowed-Origin': SENDER, Allow: 'POST' } : {}).end()
  }
  const status = request.method === 'POST' ? await take(request).catch(() => 500) : 405
  response.writeHead(status).end()
}).listen(Number(env.HAETAE_WEBHOOK_PORT ?? 8090), '127.0.0.1')
