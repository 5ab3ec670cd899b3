// TLS on the socket itself: it speaks to the package's own TLS, both ways, and refuses what that refuses.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, ConnectionEncrypter, Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { generateCertificate } from '@libp2p/tls/utils'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2pInit } from 'libp2p'
import { silentLogger } from './silent.ts'
import { testRandom, until } from './testing.ts'
import { socketTls } from './tls.ts'

const protocol = '/peerhood-test/tls/1'
const mebibyte = 1024 * 1024
type CreateEncrypter = NonNullable<Libp2pInit['connectionEncrypters']>[number]

// ---- between two nodes

interface NodeOptions {
  readonly encrypters: readonly CreateEncrypter[]
  readonly listen?: string
}

/** A bare node that sends back what it is sent. */
async function startNode(t: TestContext, options: NodeOptions): Promise<Libp2p> {
  const node = await createLibp2p({
    addresses: { listen: [options.listen ?? '/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [...options.encrypters],
    streamMuxers: [yamux()],
    logger: silentLogger,
  })
  await node.handle(protocol, echo)
  t.after(() => node.stop())
  return node
}

async function echo(stream: Stream): Promise<void> {
  try {
    for await (const chunk of stream) if (!stream.send(chunk)) await stream.onDrain()
    await stream.close()
  } catch (error) {
    stream.abort(error as Error)
  }
}

async function assertEchoes(connection: Connection, bytes = mebibyte): Promise<void> {
  const stream = await connection.newStream(protocol)
  const sent = testRandom.bytes(bytes)
  const received: Uint8Array[] = []
  const receiving = (async () => {
    for await (const chunk of stream) received.push(chunk.subarray())
  })()
  for (let at = 0; at < bytes; at += 65_536) if (!stream.send(sent.subarray(at, at + 65_536))) await stream.onDrain()
  await stream.close()
  await receiving
  assert.equal(Buffer.compare(Buffer.concat(received), sent), 0)
}

/** Negotiates the muxer after the handshake instead of within it. */
function withoutEarlyMuxer(create: CreateEncrypter): CreateEncrypter {
  return (components) => {
    const inner = create(components)
    const late = { skipStreamMuxerNegotiation: true }
    const encrypter: ConnectionEncrypter = {
      protocol: inner.protocol,
      secureInbound: (connection, options) => inner.secureInbound(connection, { ...options, ...late }),
      secureOutbound: (connection, options) => inner.secureOutbound(connection, { ...options, ...late }),
    }
    return encrypter
  }
}

/** Notes why inbound handshakes failed. */
function noting(create: CreateEncrypter, reasons: string[]): CreateEncrypter {
  return (components) => {
    const inner = create(components)
    const encrypter: ConnectionEncrypter = {
      protocol: inner.protocol,
      secureInbound: async (connection, options) => {
        try {
          return await inner.secureInbound(connection, options)
        } catch (error) {
          reasons.push(String(error))
          throw error
        }
      },
      secureOutbound: (connection, options) => inner.secureOutbound(connection, options),
    }
    return encrypter
  }
}

const kinds: Readonly<Record<string, CreateEncrypter>> = {
  ours: socketTls(),
  'the package': tls(),
  'ours, muxer later': withoutEarlyMuxer(socketTls()),
  'the package, muxer later': withoutEarlyMuxer(tls()),
}

for (const [clientName, client] of Object.entries(kinds)) {
  for (const [serverName, server] of Object.entries(kinds)) {
    if (!clientName.startsWith('ours') && !serverName.startsWith('ours')) continue
    test(`${clientName} dials ${serverName}`, async (t) => {
      const [to, from] = [await startNode(t, { encrypters: [server] }), await startNode(t, { encrypters: [client] })]
      const connection = await from.dial(to.getMultiaddrs())
      assert.equal(connection.encryption, '/tls/1.0.0')
      assert.equal(connection.remotePeer.toString(), to.peerId.toString())
      await assertEchoes(connection)
      await connection.close()
      await until('both sides are closed', () => [from, to].every((node) => node.getConnections().length === 0))
    })
  }
}

test('a peer that has Noise alone gets Noise', async (t) => {
  const both = await startNode(t, { encrypters: [socketTls(), noise()] })
  const noiseOnly = await startNode(t, { encrypters: [noise()] })
  const connection = await both.dial(noiseOnly.getMultiaddrs())
  assert.equal(connection.encryption, '/noise')
  await assertEchoes(connection)
})

test('TLS over WebSocket goes through the package', async (t) => {
  const listen = '/ip4/127.0.0.1/tcp/0/ws'
  const to = await startNode(t, { encrypters: [socketTls()], listen })
  const from = await startNode(t, { encrypters: [socketTls()] })
  const connection = await from.dial(to.getMultiaddrs())
  assert.equal(connection.encryption, '/tls/1.0.0')
  await assertEchoes(connection)
})

test('another peer than the one dialled is refused', async (t) => {
  const [to, from] = [
    await startNode(t, { encrypters: [socketTls()] }),
    await startNode(t, { encrypters: [socketTls()] }),
  ]
  const stranger = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const address = to.getMultiaddrs()[0]?.toString().replace(to.peerId.toString(), stranger.toString())
  await assert.rejects(from.dial(multiaddr(address)))
  await until('both sides are closed', () => [from, to].every((node) => node.getConnections().length === 0))
})

test('an abort reaches the other side as an abort, not as an orderly end', async (t) => {
  const [to, from] = [
    await startNode(t, { encrypters: [socketTls()] }),
    await startNode(t, { encrypters: [socketTls()] }),
  ]
  const connection = await from.dial(to.getMultiaddrs())
  await until('it is accepted', () => to.getConnections().length === 1)
  const [accepted] = to.getConnections()
  connection.abort(new Error('enough'))
  await until('the other side has it', () => accepted?.status !== 'open')
  assert.equal(accepted?.status, 'aborted')
})

// ---- a client made by hand, for what no libp2p peer does

const negotiation = Buffer.from('\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n')

type Certificate = Partial<Awaited<ReturnType<typeof generateCertificate>>>

interface HandMade {
  readonly raw: Socket
  readonly secured: TLSSocket
}

/** TLS that starts in the same packet as the negotiation, over a socket that the server's answer has to be cut from. */
async function dialByHand(t: TestContext, port: number, certificate: Certificate, early: boolean): Promise<HandMade> {
  const raw = connect({ port, host: '127.0.0.1', noDelay: true })
  t.after(() => raw.destroy())
  raw.on('error', () => {})
  await once(raw, 'connect')
  const relay = createServer({ noDelay: true }).listen(0, '127.0.0.1')
  t.after(() => relay.close())
  await once(relay, 'listening')
  const inner = connect((relay.address() as AddressInfo).port, '127.0.0.1')
  const [outer] = (await once(relay, 'connection')) as [Socket]
  for (const end of [inner, outer]) end.on('error', () => {})
  t.after(() => outer.destroy())
  t.after(() => inner.destroy())
  const secured = tlsConnect({ ...certificate, socket: inner, rejectUnauthorized: false, ALPNProtocols: ['libp2p'] })
  secured.on('error', () => {})
  const [hello] = (await once(outer, 'data')) as [Buffer]
  if (early) raw.write(Buffer.concat([negotiation, hello]))
  else raw.write(negotiation)
  let answer = Buffer.alloc(0)
  raw.on('data', (chunk) => {
    answer = Buffer.concat([answer, chunk])
    if (answer.length < negotiation.length) return
    assert.deepEqual(answer.subarray(0, negotiation.length), negotiation)
    raw.removeAllListeners('data')
    if (!early) raw.write(hello)
    outer.write(answer.subarray(negotiation.length))
    raw.pipe(outer)
    outer.pipe(raw)
  })
  raw.on('close', () => outer.destroy())
  return { raw, secured }
}

function portOf(node: Libp2p): number {
  return Number(/tcp\/(\d+)/.exec(String(node.getMultiaddrs()[0]))?.[1])
}

for (const early of [false, true]) {
  test(`TLS that starts ${early ? 'in the packet of' : 'after'} the negotiation`, async (t) => {
    const node = await startNode(t, { encrypters: [socketTls()] })
    const certificate = await generateCertificate(await generateKeyPair('Ed25519'))
    const { secured } = await dialByHand(t, portOf(node), certificate, early)
    await once(secured, 'secureConnect')
    secured.write('\x13/multistream/1.0.0\n')
    let answer = ''
    secured.on('data', (chunk) => {
      answer += String(chunk)
    })
    await until('it answers', () => answer === '\x13/multistream/1.0.0\n')
  })
}

/** As made at that time; the check of a certificate reads the real clock. */
function certificateOf(t: TestContext, privateKey: PrivateKey, offsetMs: number): Promise<Certificate> {
  const nowMs = Date.now() + offsetMs
  const { mock } = t.mock.method(Date, 'now', () => nowMs)
  return generateCertificate(privateKey).finally(() => mock.restore())
}

/** The last byte of a certificate belongs to its own signature. */
function withBadSignature({ cert = '', ...rest }: Certificate): Certificate {
  const lines = cert.trim().split('\n')
  const der = Buffer.from(lines.slice(1, -1).join(''), 'base64')
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1)
  return { ...rest, cert: [lines[0], der.toString('base64'), lines.at(-1)].join('\n') }
}

async function withForeignIdentity(): Promise<Certificate> {
  const [own, foreign] = [await generateKeyPair('Ed25519'), await generateKeyPair('Ed25519')]
  return generateCertificate({ ...foreign, type: 'Ed25519', publicKey: foreign.publicKey, sign: own.sign.bind(own) })
}

const yearMs = 365 * 24 * 60 * 60_000
const badCertificates: readonly [string, RegExp, (t: TestContext, key: PrivateKey) => Promise<Certificate>][] = [
  ['none', /./, async () => ({})],
  ['an expired one', /expired/, (t, key) => certificateOf(t, key, -101 * yearMs)],
  ['one that is not valid yet', /not valid yet/, (t, key) => certificateOf(t, key, 2 * 60 * 60_000)],
  ['a tampered one', /self signature/, async (_t, key) => withBadSignature(await generateCertificate(key))],
  ["another peer's identity", /verify signature/, () => withForeignIdentity()],
]

for (const [name, reason, make] of badCertificates) {
  test(`a certificate that is refused: ${name}`, async (t) => {
    const reasons: string[] = []
    const node = await startNode(t, { encrypters: [noting(socketTls(), reasons)] })
    const certificate = await make(t, await generateKeyPair('Ed25519'))
    const { raw } = await dialByHand(t, portOf(node), certificate, false)
    await until('it is refused', () => raw.destroyed)
    assert.match(reasons.join(), reason)
    assert.equal(node.getConnections().length, 0)
  })
}
