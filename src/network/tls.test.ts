// TLS on the socket itself, and over WebSocket, speaks to the package's own TLS, both ways; one certificate is for all
// connections of a host. Relayed connections: discovery.test.ts. What is refused: tls-refused.test.ts.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, ConnectionEncrypter, Libp2p } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tls } from '@libp2p/tls'
import { multiaddr } from '@multiformats/multiaddr'
import { createCertificate } from './certificate.ts'
import { testRandom, until } from './testing.ts'
import { socketTls } from './tls.ts'
import { assertTaken, type CreateEncrypter, dialByHand, portOf, protocol, startNode } from './tls-testing.ts'

const mebibyte = 1024 * 1024
const newKey = () => generateKeyPair('Ed25519')

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

/** One dials the other, over TLS: each is whom it claims to be, bytes come back, and closing is noticed on both sides. */
async function assertTalks(from: Libp2p, to: Libp2p): Promise<void> {
  const connection = await from.dial(to.getMultiaddrs())
  assert.equal(connection.encryption, '/tls/1.0.0')
  assert.equal(connection.remotePeer.toString(), to.peerId.toString())
  await assertEchoes(connection)
  await connection.close()
  await until('both sides are closed', () => [from, to].every((node) => node.getConnections().length === 0))
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

const kinds = {
  ours: socketTls(),
  'the package': tls(),
  'ours, muxer later': withoutEarlyMuxer(socketTls()),
  'the package, muxer later': withoutEarlyMuxer(tls()),
} as const satisfies Readonly<Record<string, CreateEncrypter>>

for (const [clientName, client] of Object.entries(kinds)) {
  for (const [serverName, server] of Object.entries(kinds)) {
    if (!clientName.startsWith('ours') && !serverName.startsWith('ours')) continue
    test(`${clientName} dials ${serverName}`, async (t) => {
      const [to, from] = [await startNode(t, { encrypters: [server] }), await startNode(t, { encrypters: [client] })]
      await assertTalks(from, to)
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

const webSocket = '/ip4/127.0.0.1/tcp/0/ws'

for (const [client, server] of [
  ['ours', 'ours'],
  ['ours', 'the package'],
  ['the package', 'ours'],
] as const) {
  test(`over WebSocket: ${client} dials ${server}`, async (t) => {
    const to = await startNode(t, { encrypters: [kinds[server]], listen: webSocket })
    const from = await startNode(t, { encrypters: [kinds[client]] })
    await assertTalks(from, to)
  })
}

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

for (const early of [false, true]) {
  test(`TLS that starts ${early ? 'in the packet of' : 'after'} the negotiation`, async (t) => {
    const node = await startNode(t, { encrypters: [socketTls()] })
    const { secured } = await dialByHand(t, portOf(node), await createCertificate(await newKey()), early)
    await once(secured, 'secureConnect')
    await assertTaken(secured)
  })
}

test('a host shows one certificate to all, and another one has another', async (t) => {
  const one = await startNode(t, { encrypters: [socketTls()] })
  const other = await startNode(t, { encrypters: [socketTls()] })
  const shown = await createCertificate(await newKey())
  const seen: (string | undefined)[] = []
  for (const node of [one, one, other]) {
    const { secured } = await dialByHand(t, portOf(node), shown)
    await once(secured, 'secureConnect')
    seen.push(secured.getPeerX509Certificate()?.fingerprint256)
  }
  assert.deepEqual([seen[0] === seen[1], seen[1] === seen[2]], [true, false])
})

test('no session resumes another, which would skip the exchange of certificates', async (t) => {
  const node = await startNode(t, { encrypters: [socketTls()] })
  const shown = await createCertificate(await newKey())
  const first = await dialByHand(t, portOf(node), shown)
  const [session] = (await once(first.secured, 'session')) as [Buffer]
  const { secured } = await dialByHand(t, portOf(node), { ...shown, session })
  await once(secured, 'secureConnect')
  assert.equal(secured.isSessionReused(), false)
  await assertTaken(secured)
})
