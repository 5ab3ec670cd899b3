// Serves public blocks by bitswap: one ledger a peer, one sender a peer at a time, blocks read only when there is room.
//
//   message ─► ledger (core) ─► sender: look, read, send, next ─► its own stream to the peer
//
// Must stay true: blocks come from PublicBlocks alone; a peer that does not read costs one message of memory for
// `sendTimeoutMs` and no more.

import { BoundedMap } from '../base/bounded.ts'
import { toPeerhoodError } from '../base/errors.ts'
import { type Clock, deadline, type Log, type Metrics } from '../base/ports.ts'
import { createTurns } from '../base/turns.ts'
import type { Network, PeerId, PeerStream } from '../network/types.ts'
import { type BitswapMessage, emptyMessage, encodeMessage, prefixOf } from './bitswap-wire.ts'
import type { PublicBlocks } from './blocks.ts'
import { bitswapErrors } from './errors.ts'
import {
  answerTo,
  emptyLedger,
  forgetWants,
  hasWork,
  type Ledger,
  lookAgain,
  nextWant,
  takeWants,
} from './ledger-core.ts'
import { bitswapSendBytes, ledgersMax, searchesPerTurn, sendersMax, sendTimeoutMs, wantEntriesMax } from './limits.ts'

export interface BitswapServerParts {
  readonly network: Pick<Network, 'openStream'>
  readonly blocks: PublicBlocks
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

export interface PeerLedger {
  readonly peerId: PeerId
  readonly wants: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly blocksSent: number
}

export interface BitswapServer {
  /** What a peer wants; answered by and by. */
  take(peerId: PeerId, message: BitswapMessage, protocol: string): void
  received(peerId: PeerId, bytes: number): void
  /** The peer has gone: what it wanted is forgotten. */
  gone(peerId: PeerId): void
  ledgers(): readonly PeerLedger[]
  stop(): void
}

interface Sending {
  readonly message: BitswapMessage
  give(): void
}

export function createBitswapServer(parts: BitswapServerParts): BitswapServer {
  const { blocks, clock, log, metrics, network } = parts
  const ledgers = new BoundedMap<PeerId, Ledger>(ledgersMax)
  const sending = new Set<PeerId>()
  const runSender = createTurns(sendersMax)
  const stopping = new AbortController()
  let searched = 0
  const offMore = blocks.onMore(() => {
    for (const [peerId, ledger] of ledgers.entries()) {
      lookAgain(ledger)
      wake(peerId, ledger)
    }
  })

  function ledgerOf(peerId: PeerId): Ledger {
    const known = ledgers.get(peerId)
    if (known !== undefined) return known
    const ledger = emptyLedger()
    ledgers.set(peerId, ledger)
    return ledger
  }

  function wake(peerId: PeerId, ledger: Ledger): void {
    if (sending.has(peerId) || !hasWork(ledger) || stopping.signal.aborted) return
    sending.add(peerId)
    void runSender(() => serve(peerId, ledger))
      .catch((thrown: unknown) => {
        const { code, message } = toPeerhoodError(thrown)
        log.debug('bitswap_send_failed', { peerId, code, message })
        // What it wanted would fail again; it asks anew when it still wants it.
        forgetWants(ledger)
      })
      .finally(() => {
        sending.delete(peerId)
        wake(peerId, ledger)
      })
  }

  /** Sends until nothing is due: one stream for all of it, so that no time goes by between messages. */
  async function serve(peerId: PeerId, ledger: Ledger): Promise<void> {
    let stream: PeerStream | undefined
    try {
      for (;;) {
        const next = await gather(ledger)
        if (next === undefined) break
        try {
          if (isEmpty(next.message)) continue
          stream ??= await network.openStream(peerId, ledger.protocol, { signal: stopping.signal })
          await send(stream, next.message)
          count(ledger, next.message)
        } finally {
          next.give()
        }
      }
      await stream?.close()
    } catch (error) {
      stream?.abort(toPeerhoodError(error))
      throw error
    }
  }

  /** The next message: wants are looked for until there is enough to send. Undefined when nothing is due. */
  async function gather(ledger: Ledger): Promise<Sending | undefined> {
    const found: { prefix: Uint8Array; data: Uint8Array }[] = []
    const presences = ledger.refused.splice(0).map((cid) => ({ cid, has: false }))
    const gives: (() => void)[] = []
    let [bytes, looked] = [0, presences.length > 0]
    while (bytes < bitswapSendBytes && presences.length < wantEntriesMax) {
      const want = nextWant(ledger)
      if (want === undefined) break
      looked = true
      await breathe()
      const block = blocks.find(want.cid)
      // A further block that would make the message too long waits for the next one.
      if (block !== undefined && bytes > 0 && bytes + block.length > bitswapSendBytes) break
      const answer = answerTo(ledger, want, block?.length)
      if (answer === 'block' && block !== undefined) {
        const read = await block.read({ signal: stopping.signal }).catch(() => undefined)
        if (read === undefined) {
          // Its file has changed since; that is as good as not having it.
          if (want.sendDontHave) presences.push({ cid: want.cid, has: false })
          continue
        }
        found.push({ prefix: prefixOf(want.cid), data: read.bytes })
        gives.push(read.give)
        bytes += read.bytes.length
      } else if (answer !== 'nothing') presences.push({ cid: want.cid, has: answer === 'have' })
    }
    if (!looked) return undefined
    const give = () => {
      for (const back of gives) back()
    }
    return { message: { ...emptyMessage, blocks: found, presences }, give }
  }

  /** A search looks through every public share; others get a turn in between. */
  async function breathe(): Promise<void> {
    searched += blocks.shares
    if (searched < searchesPerTurn) return
    searched = 0
    await new Promise((resolve) => setImmediate(resolve))
  }

  async function send(stream: PeerStream, message: BitswapMessage): Promise<void> {
    const late = () => bitswapErrors.bitswap_not_reading('The peer takes nothing any more.')
    const limit = deadline(clock, sendTimeoutMs, late, stopping.signal)
    try {
      if (!stream.send(...encodeMessage(message))) await stream.drained({ signal: limit.signal })
    } finally {
      limit.done()
    }
  }

  function count(ledger: Ledger, { blocks: sent }: BitswapMessage): void {
    const bytes = sent.reduce((sum, { data }) => sum + data.length, 0)
    ledger.bytesSent += bytes
    ledger.blocksSent += sent.length
    metrics.count('ipfs_blocks_sent', sent.length)
    metrics.count('ipfs_bytes_sent', bytes)
  }

  return {
    take(peerId, message, protocol) {
      const ledger = ledgerOf(peerId)
      ledger.protocol = protocol
      const refused = takeWants(ledger, message)
      if (refused > 0) {
        metrics.count('ipfs_wants_refused', refused)
        log.debug('bitswap_wants_refused', { peerId, refused })
      }
      wake(peerId, ledger)
    },
    received(peerId, bytes) {
      ledgerOf(peerId).bytesReceived += bytes
    },
    gone(peerId) {
      const ledger = ledgers.get(peerId)
      if (ledger !== undefined) forgetWants(ledger)
    },
    ledgers: () =>
      [...ledgers.entries()].map(([peerId, { wants, bytesSent, bytesReceived, blocksSent }]) => ({
        ...{ peerId, wants: wants.size, bytesSent, bytesReceived, blocksSent },
      })),
    stop() {
      offMore()
      stopping.abort(bitswapErrors.bitswap_silent('Peerhood is stopping.'))
    },
  }
}

function isEmpty({ blocks, presences }: BitswapMessage): boolean {
  return blocks.length === 0 && presences.length === 0
}
