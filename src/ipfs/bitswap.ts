// Bitswap on the network: the one inbound boundary of ipfs/. Messages are cut, decoded and handed to server and client;
// whatever is wrong with them costs the peer that stream.

import { toHex } from '../base/bytes.ts'
import { isPeerhoodError, toPeerhoodError } from '../base/errors.ts'
import { type Cancel, type Clock, deadline, type Log, type Metrics } from '../base/ports.ts'
import { digestAsync } from '../content/format/seal.ts'
import type { Network, PeerId, PeerStream } from '../network/types.ts'
import { type BitswapMessage, createMessageReader, decodeMessage, isSha256Prefix } from './bitswap-wire.ts'
import type { PublicBlocks } from './blocks.ts'
import { type BitswapClient, createBitswapClient } from './client.ts'
import { bitswapErrors } from './errors.ts'
import { bitswapGatherBytesMax, bitswapSilenceMs, bitswapStreamsPerPeerMax } from './limits.ts'
import { bitswapOlderProtocol, bitswapProtocol } from './protocol.ts'
import { createBitswapServer, type PeerLedger } from './server.ts'

export interface BitswapParts {
  readonly network: Network
  readonly blocks: PublicBlocks
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

export interface Bitswap {
  start(): Promise<void>
  stop(): void
  readonly client: BitswapClient
  ledgers(): readonly PeerLedger[]
}

/** Multihash of sha2-256, before the digest. */
const sha256Head = '1220'

export function createBitswap(parts: BitswapParts): Bitswap {
  const { network, clock, log } = parts
  const server = createBitswapServer(parts)
  const client = createBitswapClient(parts)
  const offs: Cancel[] = []
  let gathered = 0

  async function serve(stream: PeerStream, protocol: string): Promise<void> {
    const peerId = stream.remotePeer
    // Answers go by a stream of our own.
    void stream.close().catch(() => {})
    let whole: Uint8Array[] = []
    const reader = createMessageReader((message) => whole.push(message))
    let held = 0
    const hold = (bytes: number) => {
      gathered += bytes - held
      held = bytes
      if (gathered > bitswapGatherBytesMax) throw bitswapErrors.bitswap_busy('Too much is being received already.')
    }
    try {
      for await (const chunk of untilSilent(stream)) {
        client.heard(peerId)
        reader.push(chunk)
        hold(reader.held)
        for (const message of whole.splice(0)) await accept(peerId, decodeMessage(message), protocol)
      }
      reader.end()
    } catch (error) {
      blame(peerId, error)
      throw error
    } finally {
      whole = []
      gathered -= held
    }
  }

  function blame(peerId: PeerId, error: unknown): void {
    if (!isPeerhoodError(error) || !Object.hasOwn(bitswapErrors, error.code)) return
    if (error.code === 'bitswap_busy' || error.code === 'bitswap_silent') return
    network.blame(peerId, { code: error.code, verdict: 'ignore' })
  }

  async function accept(peerId: PeerId, message: BitswapMessage, protocol: string): Promise<void> {
    if (message.wants.length > 0 || message.full) server.take(peerId, message, protocol)
    for (const { cid, has } of message.presences) client.presence(peerId, cid, has)
    for (const { prefix, data } of message.blocks) {
      server.received(peerId, data.length)
      // Hashing is the cost of a block, and only who asked for one pays it.
      if (client.isIdle || !isSha256Prefix(prefix)) continue
      client.block(peerId, sha256Head + toHex(await digestAsync(data)), data)
    }
  }

  /** The stream's bytes; ends it when none come for `bitswapSilenceMs`. */
  async function* untilSilent(stream: PeerStream): AsyncGenerator<Uint8Array, void> {
    const silent = () => bitswapErrors.bitswap_silent('Nothing came on a stream for a while.')
    const watch = () => {
      const limit = deadline(clock, bitswapSilenceMs, silent)
      limit.signal.addEventListener('abort', () => stream.abort(toPeerhoodError(limit.signal.reason)), { once: true })
      return limit.done
    }
    let done = watch()
    try {
      for await (const chunk of stream.incoming) {
        done()
        yield chunk
        done = watch()
      }
    } finally {
      done()
    }
  }

  return {
    client,
    ledgers: () => server.ledgers(),
    async start() {
      for (const protocol of [bitswapProtocol, bitswapOlderProtocol]) {
        const streamsPerPeerMax = bitswapStreamsPerPeerMax
        offs.push(await network.handle(protocol, (stream) => serve(stream, protocol), { streamsPerPeerMax }))
      }
      offs.push(
        network.on((event) => {
          if (event.type !== 'peer' || event.peer.state === 'connected') return
          server.gone(event.peer.peerId)
          client.gone(event.peer.peerId)
        }),
      )
      log.debug('bitswap_started')
    },
    stop() {
      for (const off of offs.splice(0)) off()
      server.stop()
    },
  }
}
