// How long a message takes to 4 others who are online, over loopback: from handing it to the author's daemon until each
// reader's program has it, by the same event stream that the page uses. Beside NATS, which hands the same texts to four
// subscribers from memory: no signature, no encryption, nothing kept, and a server in the middle.
//
//   node bench/messages.ts [--messages 300] [--perSecond 20]

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createPeerhood, type Peerhood } from '../src/sdk/client.ts'
import { freePort, lines, start, stop, until, usage } from './processes.ts'
import { median, table } from './table.ts'

const readers = 4
const general = '0'.repeat(32)

interface Result {
  readonly name: string
  /** For each message and reader. */
  readonly milliseconds: readonly number[]
  readonly cpuSeconds: number
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

const textOf = (number: number) => `message ${number} ${'x'.repeat(100)}`
const numberOf = (text: string) => Number(text.split(' ')[1])

/** Sends at a steady rate; `send` may take as long as it likes. */
async function sendAll(count: number, perSecond: number, send: (number: number) => Promise<void>): Promise<void> {
  const sent: Promise<void>[] = []
  for (let number = 0; number < count; number++) {
    sent.push(send(number))
    await wait(1000 / perSecond)
  }
  await Promise.all(sent)
}

async function peerhood(folder: string, count: number, perSecond: number): Promise<Result> {
  const daemons = await Promise.all(Array.from({ length: readers + 1 }, (_, at) => startDaemon(join(folder, `${at}`))))
  const [author, ...others] = daemons
  if (author === undefined) throw new Error('no author')
  const { id } = await author.sdk.communities.found({ name: 'Bench', memberName: 'Author' })
  for (const [at, { sdk }] of others.entries()) {
    const { link } = await author.sdk.communities.invite(id)
    await sdk.communities.join({ link, memberName: `Reader ${at}` })
  }
  const sentMs = new Map<number, number>()
  const milliseconds: number[] = []
  const stopping = new AbortController()
  const follows = others.map(async ({ sdk }) => {
    for await (const { event } of sdk.events({ signal: stopping.signal })) {
      if (event.type !== 'chat-message' || !event.isNew) continue
      const sent = sentMs.get(numberOf(event.message.text))
      if (sent !== undefined) milliseconds.push(performance.now() - sent)
    }
  })
  const send = async (number: number) => {
    sentMs.set(number, performance.now())
    await author.sdk.chat.send(id, general, { text: textOf(number) })
  }
  // Everybody knows everybody, and code is compiled.
  await sendAll(40, perSecond, (number) => send(-1 - number))
  await wait(2_000)
  milliseconds.length = 0
  const before = daemons.reduce((sum, { pid }) => sum + usage(pid).cpuSeconds, 0)
  await sendAll(count, perSecond, send)
  await until('all messages arrive', () => (milliseconds.length >= count * readers ? true : undefined))
  const cpuSeconds = daemons.reduce((sum, { pid }) => sum + usage(pid).cpuSeconds, 0) - before
  stopping.abort()
  await Promise.all(follows)
  await Promise.all(daemons.map((daemon) => daemon.stop()))
  return { name: 'Peerhood: signed, encrypted, on five disks', milliseconds, cpuSeconds }
}

async function startDaemon(home: string): Promise<{ sdk: Peerhood; pid: number; stop: () => Promise<void> }> {
  const bin = join(import.meta.dirname, '../bin/peerhood.mjs')
  const flags = ['--json', '--port', '0', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-upnp']
  const child = start(process.execPath, [bin, 'start', ...flags], { env: { ...process.env, PEERHOOD_HOME: home } })
  const { value } = await lines(child).next()
  const { api, token } = JSON.parse(String(value)) as { api: string; token: string }
  child.stdout?.resume()
  return { sdk: createPeerhood({ url: api, token }), pid: child.pid ?? 0, stop: () => stop(child) }
}

/** NATS' text protocol: PUB and MSG lines with a length, then the payload. */
async function nats(count: number, perSecond: number): Promise<Result | undefined> {
  try {
    execFileSync('nats-server', ['--version'])
  } catch {
    return undefined
  }
  const port = await freePort()
  const server = start('nats-server', ['-a', '127.0.0.1', '-p', `${port}`])
  server.stdout?.resume()
  const open = () => until('the server listens', () => tryConnect(port))
  const sentMs = new Map<number, number>()
  const milliseconds: number[] = []
  const sockets: Socket[] = []
  for (let at = 0; at < readers; at++) {
    const socket = await open()
    sockets.push(socket)
    let rest = ''
    socket.on('data', (chunk) => {
      const found = (rest + String(chunk)).split('\r\n')
      rest = found.pop() ?? ''
      for (const line of found) {
        const sent = line.startsWith('message ') ? sentMs.get(numberOf(line)) : undefined
        if (sent !== undefined) milliseconds.push(performance.now() - sent)
        if (line === 'PING') socket.write('PONG\r\n')
      }
    })
    socket.write('CONNECT {"verbose":false}\r\nSUB bench 1\r\n')
  }
  const author = await open()
  sockets.push(author)
  author.resume()
  author.write('CONNECT {"verbose":false}\r\n')
  await wait(500)
  const before = usage(server.pid ?? 0).cpuSeconds
  await sendAll(count, perSecond, async (number) => {
    sentMs.set(number, performance.now())
    author.write(`PUB bench ${textOf(number).length}\r\n${textOf(number)}\r\n`)
  })
  await until('all messages arrive', () => (milliseconds.length >= count * readers ? true : undefined))
  const cpuSeconds = usage(server.pid ?? 0).cpuSeconds - before
  for (const socket of sockets) socket.destroy()
  await stop(server)
  return { name: 'NATS 2: a server, in memory', milliseconds, cpuSeconds }
}

function tryConnect(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(undefined))
  })
}

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '300' }, perSecond: { type: 'string', default: '20' } },
})
const folder = mkdtempSync(join(tmpdir(), 'peerhood-bench-messages-'))
try {
  const [count, perSecond] = [Number(values.messages), Number(values.perSecond)]
  const results = [await peerhood(folder, count, perSecond), await nats(count, perSecond)].filter(
    (result) => result !== undefined,
  )
  console.log(`\n## ${count} messages to ${readers} readers, ${perSecond} a second (goal: 99 % under 50 ms)`)
  const rows = results.map(({ name, milliseconds, cpuSeconds }) => [
    name,
    median(milliseconds).toFixed(1),
    percentile(milliseconds, 0.99).toFixed(1),
    Math.max(...milliseconds).toFixed(1),
    ((cpuSeconds * 1000) / count).toFixed(1),
  ])
  console.log(table(['by', 'median ms', '99 % ms', 'most ms', 'CPU ms a message'], rows))
  if (results.length < 2) console.log('NATS is not installed: scripts/install-test-tools.sh --bench')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
