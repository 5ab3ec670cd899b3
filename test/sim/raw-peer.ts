// A peer that speaks frames by hand: for saying what no honest peer says.

import { accessProof } from '../../src/content/format/access.ts'
import type { PeerId, PeerStream } from '../../src/network/types.ts'
import { createDecoder } from '../../src/transfer/decoder.ts'
import { recordDigest } from '../../src/transfer/version.ts'
import { encodeFrame, type Frame, type FrameKind, shareProtocol } from '../../src/transfer/wire.ts'
import type { Content } from './holdings.ts'
import type { SimNetwork } from './network.ts'
import { peerIdOf, type SimPeer, type World } from './world.ts'

export interface Talk {
  readonly received: readonly Frame[]
  readonly ended: boolean
  /** Resolves when the other side has ended it. */
  readonly over: Promise<void>
  send(...frames: readonly Frame[]): void
  sendBytes(bytes: Uint8Array): void
  /** Hello with the right proof. */
  hello(): void
  /** Hello, and the version of the content. */
  greet(): void
  /** The first frame of this kind, waiting for it. */
  next<Kind extends FrameKind>(kind: Kind): Promise<Extract<Frame, { kind: Kind }>>
  close(): void
}

export interface RawPeer {
  readonly id: PeerId
  readonly network: SimNetwork
  /** Opens a stream to a peer. */
  dial(peer: SimPeer): Promise<Talk>
  /** Answers every stream that is opened to it. */
  serve(answer: (talk: Talk) => Promise<void> | void): Promise<void>
}

export function createRawPeer(world: World, content: Content, delayMs = 5): RawPeer {
  const id = peerIdOf(world.random)
  const network = world.net.join(id, { up: 50_000_000, delayMs })

  function talkOn(stream: PeerStream): Talk {
    const received: Frame[] = []
    let ended = false
    const decoder = createDecoder({
      admit: () => 'keep',
      drop: () => {},
      buffer: (length) => new Uint8Array(length),
      accept: (frame) => received.push(frame),
    })
    const read = async () => {
      try {
        for await (const chunk of stream.incoming) decoder.push(chunk)
      } catch {
        // The other side cut it: that is what most of these conversations come to.
      }
      ended = true
    }
    const over = read()
    const talk: Talk = {
      over,
      received,
      get ended() {
        return ended
      },
      send(...frames) {
        for (const frame of frames) stream.send(encodeFrame(frame))
      },
      sendBytes(bytes) {
        stream.send(bytes)
      },
      hello() {
        const proof = accessProof(content.link.access, id, stream.remotePeer)
        talk.send({ kind: 'hello', discovery: content.link.discovery, proof })
      },
      greet() {
        talk.hello()
        talk.send({ kind: 'version', sequence: content.record.sequence, digest: recordDigest(content.recordBytes) })
      },
      async next(kind) {
        await world.until(`a ${kind} frame`, () => received.some((frame) => frame.kind === kind), 60_000)
        return received.find((frame) => frame.kind === kind) as never
      },
      close: () => void stream.close(),
    }
    return talk
  }

  return {
    id,
    network,
    async dial(peer) {
      const stream = await hurry(world, async () => {
        await network.connect({ peerId: peer.id, addresses: [`/sim/${peer.id}`] }, { source: 'manual' })
        return network.openStream(peer.id, shareProtocol)
      })
      return talkOn(stream)
    },
    async serve(answer) {
      await network.handle(
        shareProtocol,
        async (stream) => {
          const talk = talkOn(stream)
          await answer(talk)
          await talk.over
        },
        { streamsPerPeerMax: 64 },
      )
    },
  }
}

/** Waits for work that needs virtual time to pass. */
async function hurry<Value>(world: World, work: () => Promise<Value>): Promise<Value> {
  let outcome: { readonly value: Value } | { readonly error: unknown } | undefined
  work().then(
    (value) => {
      outcome = { value }
    },
    (error) => {
      outcome = { error }
    },
  )
  await world.until('a dial', () => outcome !== undefined, 60_000)
  if (outcome === undefined || 'error' in outcome) throw outcome?.error
  return outcome.value
}
