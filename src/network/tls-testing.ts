// Peers for the tests of TLS: bare libp2p nodes, and peers made by hand, for what no libp2p peer does.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type ConnectionOptions, TLSSocket, connect as tlsConnect } from 'node:tls'
import type { ConnectionEncrypter, Libp2p, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2pInit } from 'libp2p'
import { silentLogger } from './silent.ts'
import { tcpPortOf, until } from './testing.ts'

export const protocol = '/peerhood-test/tls/1'
export type CreateEncrypter = NonNullable<Libp2pInit['connectionEncrypters']>[number]

interface NodeOptions {
  readonly encrypters: readonly CreateEncrypter[]
  readonly listen?: string
}

/** A bare node that sends back what it is sent. */
export async function startNode(t: TestContext, options: NodeOptions): Promise<Libp2p> {
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

/** Sends back what comes, and ends when the other side does. */
export async function echo(stream: Stream): Promise<void> {
  try {
    for await (const chunk of stream) if (!stream.send(chunk)) await stream.onDrain()
    await stream.close()
  } catch (error) {
    stream.abort(error as Error)
  }
}

/** Notes why handshakes failed. */
export function noting(create: CreateEncrypter, reasons: string[]): CreateEncrypter {
  return (components) => {
    const inner = create(components)
    const note = (error: unknown) => {
      reasons.push(String(error))
      throw error
    }
    const encrypter: ConnectionEncrypter = {
      protocol: inner.protocol,
      secureInbound: (connection, options) => inner.secureInbound(connection, options).catch(note),
      secureOutbound: (connection, options) => inner.secureOutbound(connection, options).catch(note),
    }
    return encrypter
  }
}

// ---- peers made by hand, for what no libp2p peer does

const negotiation = Buffer.from('\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n')

export type Shown = Pick<ConnectionOptions, 'cert' | 'key' | 'session'>

interface HandMade {
  readonly raw: Socket
  readonly secured: TLSSocket
}

/** TLS that starts in the same packet as the negotiation, over a socket that the server's answer has to be cut from. */
export async function dialByHand(t: TestContext, port: number, shown: Shown, early = false): Promise<HandMade> {
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
  const secured = tlsConnect({ ...shown, socket: inner, rejectUnauthorized: false, ALPNProtocols: ['libp2p'] })
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

/** Takes one connection and shows it a certificate. Resolves to its port and to whether the connection is closed. */
export async function listenByHand(t: TestContext, shown: Shown): Promise<{ port: number; isClosed: () => boolean }> {
  let isClosed = false
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (raw) => {
    let secured: TLSSocket | undefined
    t.after(() => (secured ?? raw).destroy())
    raw.on('error', () => {})
    raw.on('close', () => {
      isClosed = true
    })
    raw.write(negotiation)
    raw.on('readable', function onReadable() {
      if (raw.read(negotiation.length) === null) return
      raw.off('readable', onReadable)
      const options = { isServer: true, requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['libp2p'] }
      secured = new TLSSocket(raw, { ...shown, ...options })
      secured.on('error', () => {})
    })
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, isClosed: () => isClosed }
}

export function portOf(node: Libp2p): number {
  return tcpPortOf(node.getMultiaddrs()[0])
}

/** That the node has taken the connection: it answers to what comes next. */
export async function assertTaken(secured: TLSSocket): Promise<void> {
  secured.write('\x13/multistream/1.0.0\n')
  let answer = ''
  secured.on('data', (chunk) => {
    answer += String(chunk)
  })
  await until('it answers', () => answer === '\x13/multistream/1.0.0\n')
}
