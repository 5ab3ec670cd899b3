// Streams of udx on loopback as Node's duplexes: with TLS on them, with readers that stop, half closed, reset.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { connect, TLSSocket } from 'node:tls'
import { isPeerhoodError } from '../../base/errors.ts'
import { createCertificate } from '../certificate.ts'
import { privateKeyOfSeed } from '../host.ts'
import { silentLogger } from '../silent.ts'
import { memoryMetrics, testClock, testRandom, until } from '../testing.ts'
import { udxAddress } from './address.ts'
import { toConnection, UdxDuplex } from './connection.ts'
import { Endpoint } from './endpoint.ts'
import { lingerMs, unreadBytesMax } from './limits.ts'
import { loadUdx, type UdxStream } from './native.ts'

const mebibyte = 1024 * 1024
const udx = loadUdx()
const options = { skip: udx === undefined ? 'no udx for this system' : false }
const never = new AbortController().signal

function endpoint(t: TestContext, onStream: (stream: UdxStream) => void = () => {}): Endpoint {
  assert.ok(udx !== undefined)
  const parts = { udx, clock: testClock, random: testRandom, metrics: memoryMetrics() }
  const made = new Endpoint(parts, { onStream, onObserved: () => {}, onDoubt: () => {} }, { ipv6: false })
  made.bind({ host: '127.0.0.1', port: 0 })
  t.after(() => made.close())
  return made
}

interface Pair {
  readonly near: UdxDuplex
  readonly far: UdxDuplex
  readonly ends: readonly [Endpoint, Endpoint]
}

async function openPair(t: TestContext): Promise<Pair> {
  const met = Promise.withResolvers<UdxStream>()
  const [dialler, listener] = [endpoint(t), endpoint(t, met.resolve)]
  const stream = await dialler.open({ host: '127.0.0.1', port: listener.port }, never)
  const near = new UdxDuplex(stream, testClock)
  const far = new UdxDuplex(await met.promise, testClock)
  return { near, far, ends: [dialler, listener] }
}

async function readAll(socket: Duplex): Promise<number> {
  let bytes = 0
  // What is left to write is nothing to the reader.
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) bytes += chunk.length
  return bytes
}

const isOver = ({ ends }: Pair) => ends.every(({ streams }) => streams === 0)

test('TLS goes over it both ways, and ends in good order', options, async (t) => {
  const pair = await openPair(t)
  const certificate = await createCertificate(await privateKeyOfSeed(testRandom.bytes(32)))
  const alike = { ALPNProtocols: ['libp2p'], minVersion: 'TLSv1.3' as const }
  const server = new TLSSocket(pair.far as never, { ...alike, ...certificate, isServer: true })
  const client = connect({ ...alike, socket: pair.near, rejectUnauthorized: false })
  await once(client, 'secureConnect')
  assert.equal(client.alpnProtocol, 'libp2p')
  const block = Buffer.from(testRandom.bytes(mebibyte))
  const received = Promise.all([client, server].map(readAll))
  for (let n = 0; n < 8; n++) {
    for (const socket of [client, server]) if (!socket.write(block)) await once(socket, 'drain')
  }
  client.end()
  server.end()
  assert.deepEqual(await received, [8 * mebibyte, 8 * mebibyte])
  await until('both streams are over', () => isOver(pair))
})

test(
  'a writer waits for the line, and a reader that stops for good costs so much memory at most',
  options,
  async (t) => {
    const pair = await openPair(t)
    const { near, far } = pair
    const block = Buffer.alloc(64 * 1024, 7)
    let written = 0
    let waits = 0
    near.on('error', () => {})
    const closed = new Promise<void>((resolve) => near.once('close', resolve))
    const broken = once(far, 'error')
    while (!near.destroyed && written < 8 * unreadBytesMax) {
      written += block.length
      if (near.write(block)) continue
      waits++
      await Promise.race([new Promise<void>((resolve) => near.once('drain', resolve)), closed])
    }
    const [error] = await broken
    assert.ok(isPeerhoodError(error) && error.code === 'stream_broken')
    assert.ok(waits > 10, `${waits}`)
    assert.ok(far.readableLength <= unreadBytesMax + 64 * 1024)
    assert.ok(written < 2 * unreadBytesMax, `${written} bytes were taken`)
    await until('both streams are over', () => isOver(pair))
  },
)

test('who has ended its own direction still reads the other one', options, async (t) => {
  const pair = await openPair(t)
  const { near, far } = pair
  near.end('question')
  assert.equal(await readAll(far), 8)
  far.write(Buffer.alloc(3 * mebibyte))
  far.end('answer')
  assert.equal(await readAll(near), 3 * mebibyte + 6)
  await until('both streams are over', () => isOver(pair))
})

test('what was written and ended arrives whole, though the writer lets go at once', options, async (t) => {
  const pair = await openPair(t)
  const { near, far } = pair
  const received = readAll(far)
  for (let n = 0; n < 16; n++) near.write(Buffer.alloc(mebibyte))
  near.end()
  await once(near, 'finish')
  near.destroy()
  assert.equal(await received, 16 * mebibyte)
  far.end()
  await until('both streams are over', () => isOver(pair), lingerMs + 2_000)
})

test('the other side of one that is destroyed hears of a reset, not of an end', options, async (t) => {
  const pair = await openPair(t)
  const { near, far } = pair
  near.write('something')
  await once(far, 'data')
  let hasEnded = false
  far.on('end', () => {
    hasEnded = true
  })
  const broken = once(far, 'error')
  near.on('error', () => {})
  near.destroy(new Error('enough'))
  const [error] = (await broken) as [Error & { code?: string }]
  assert.equal(error.code, 'ECONNRESET')
  assert.ok(far.destroyed && !hasEnded)
  await until('both streams are over', () => isOver(pair))
})

test('as a connection of libp2p it carries, pauses, closes and is aborted', options, async (t) => {
  const log = silentLogger.forComponent('test')
  for (const end of ['close', 'abort'] as const) {
    const pair = await openPair(t)
    const remoteAddr = udxAddress({ host: '127.0.0.1', port: 1 })
    const near = toConnection({ socket: pair.near, remoteAddr, direction: 'outbound', log })
    const far = toConnection({ socket: pair.far, remoteAddr, direction: 'inbound', log })
    let heard = 0
    far.addEventListener('message', ({ data }) => {
      heard += data.byteLength
    })
    far.pause()
    near.send(new Uint8Array(1_000))
    far.resume()
    await until('it has come', () => heard === 1_000)
    const closed = Promise.withResolvers<Error | undefined>()
    far.addEventListener('close', ({ error }) => closed.resolve(error))
    if (end === 'close') await near.close()
    else near.abort(new Error('enough'))
    const error = await closed.promise
    assert.equal(error === undefined, end === 'close', String(error))
    await until('both streams are over', () => isOver(pair), lingerMs + 2_000)
  }
})

test('a port that is taken is an error, and no more', options, async (t) => {
  const taken = endpoint(t)
  assert.ok(udx !== undefined)
  const parts = { udx, clock: testClock, random: testRandom, metrics: memoryMetrics() }
  const other = new Endpoint(parts, { onStream: () => {}, onObserved: () => {}, onDoubt: () => {} }, { ipv6: false })
  assert.throws(() => other.bind({ host: '127.0.0.1', port: taken.port }), /address already in use/)
  await other.close()
})

// Sockets and streams of udx are in no list of Node's: a process ends by itself only when none is left.
test('after networks have stopped nothing keeps the process', options, async () => {
  const program = `
    import { createNetwork } from '${new URL('../service.ts', import.meta.url)}'
    import { memoryLog, memoryMetrics, testClock, testRandom } from '${new URL('../testing.ts', import.meta.url)}'
    import { DatabaseSync } from 'node:sqlite'
    const start = async () => {
      const options = { deviceSeed: testRandom.bytes(32), listen: ['/ip4/127.0.0.1/udp/0/udx'], bootstrap: [] }
      const rest = { mdns: false, upnp: false, relay: false, agent: 'test' }
      const parts = { clock: testClock, random: testRandom, log: memoryLog(), metrics: memoryMetrics() }
      const network = await createNetwork({ ...options, ...rest })({ ...parts, database: new DatabaseSync(':memory:') })
      await network.start()
      return network
    }
    const [a, b] = [await start(), await start()]
    await a.connect({ peerId: b.self, addresses: b.addresses() }, { source: 'manual' })
    const dead = { peerId: a.self, addresses: ['/ip4/127.0.0.1/udp/1/udx'] }
    const trying = b.connect(dead, { source: 'manual' }).catch(() => {})
    await Promise.all([a.stop(), b.stop(), trying])
    console.log('stopped', a.peers().length)
  `
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  child.stdout.on('data', (bytes) => {
    out += bytes
  })
  child.stderr.on('data', (bytes) => {
    out += bytes
  })
  let code: number | null | undefined
  child.on('exit', (status) => {
    code = status
  })
  try {
    await until('both have stopped', () => out.includes('stopped') || code !== undefined)
    await until('the process ends', () => code !== undefined, 5_000)
    assert.equal(code, 0, out)
  } finally {
    child.kill('SIGKILL')
  }
})
