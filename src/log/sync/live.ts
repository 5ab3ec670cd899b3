// What a community's members publish to those who are there now: entries as they are written, and ephemeral bytes. One topic a
// community, which changes with its key; whoever misses something is told by a session.
//
//   message = kind (1: an entry, 2: ephemeral) ‖ bytes
//
// Must stay true: an entry is passed on only when its device is the very peer that signed the message, so that nobody floods
// in another's name; what is published is never the only way for an entry to arrive.

import { base58 } from '@scure/base'
import { TokenBucket } from '../../base/bounded.ts'
import { toHex } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { Cancel, Clock, Log } from '../../base/ports.ts'
import type { GossipVerdict, Network, PeerId } from '../../network/types.ts'
import type { CommunityLog, DeviceId, Entry, Received } from '../types.ts'
import { createIntake } from './intake.ts'
import {
  ephemeralBytesMax,
  publishBurst,
  publishedEntryBytesMax,
  publishedQueueBytesMax,
  publishPerSecond,
  topicGraceMs,
} from './limits.ts'
import { peekPlace } from './place-core.ts'
import { verdictOf } from './receiving-core.ts'

const entryKind = 1
const ephemeralKind = 2

export interface LiveParts {
  readonly network: Pick<Network, 'subscribe' | 'publish' | 'blame'>
  readonly clock: Clock
  readonly log: Log
  readonly communityLog: CommunityLog
  /** Where to publish now; undefined: nowhere. */
  topic(): string | undefined
  allows(peerId: PeerId): boolean
  /** Parents of what came are missing. */
  lacking(): void
  ephemeral(from: PeerId, bytes: Uint8Array): void
}

export interface Live {
  /** Follows the topic of this moment. */
  refresh(): void
  /** Own entries, just stored. */
  publish(entries: readonly Entry[]): void
  sendEphemeral(bytes: Uint8Array): void
  stop(): void
}

export function createLive(parts: LiveParts): Live {
  const { network, clock, log, communityLog } = parts
  const bucket = new TokenBucket({ perSecond: publishPerSecond, burst: publishBurst, nowMs: clock.monotonicMs() })
  /** Topics that are followed: the present one, and those before for a while. */
  const followed = new Map<string, { readonly off: Cancel; graceTimer: Cancel | undefined }>()
  /** Who published what waits, in the order of the queue. */
  let authors: PeerId[] = []
  let queuedBytes = 0
  let current: string | undefined
  let stopped = false

  const intake = createIntake({
    async receive(entries, options) {
      const results = await communityLog.receive(entries, options)
      queuedBytes -= entries.reduce((sum, { length }) => sum + length, 0)
      return results
    },
    done: onReceived,
    failed: (error) => log.debug('log_live_failed', { code: isPeerhoodError(error) ? error.code : 'internal' }),
  })

  function onReceived(results: readonly Received[]): void {
    const from = authors.splice(0, results.length)
    for (const [at, result] of results.entries()) {
      const author = from[at]
      if (result.how === 'refused' && author !== undefined && verdictOf(result.code) === 'reject') {
        network.blame(author, { code: result.code, verdict: 'reject' })
      }
    }
    if (results.some(({ how }) => how === 'waiting')) parts.lacking()
  }

  // ---- in

  function take(from: PeerId, message: Uint8Array): GossipVerdict {
    if (!parts.allows(from)) return 'ignore'
    const bytes = message.subarray(1)
    if (message[0] === entryKind) return takeEntry(from, bytes)
    if (message[0] !== ephemeralKind) return 'ignore' // a later version's
    if (bytes.length > ephemeralBytesMax) return 'reject'
    parts.ephemeral(from, bytes)
    return 'accept'
  }

  function takeEntry(from: PeerId, bytes: Uint8Array): GossipVerdict {
    const place = peekPlace(bytes)
    if (bytes.length > publishedEntryBytesMax || place === undefined || place.device !== deviceOfPeer(from)) {
      return 'reject'
    }
    const { device, seq } = place
    if (seq <= (communityLog.vector().get(device) ?? 0)) return 'ignore'
    if (communityLog.forks().some((fork) => fork.device === device)) return 'ignore'
    // Not passed on either: a flood goes no further than to those whom its author knows.
    if (communityLog.deferred().includes(device)) return 'ignore'
    if (queuedBytes + bytes.length > publishedQueueBytesMax) return 'ignore'
    queuedBytes += bytes.length
    authors.push(from)
    // A copy: the message shares its memory with all that came with it.
    intake.add([bytes.slice()], false)
    return 'accept'
  }

  // ---- which topic

  function refresh(): void {
    const next = stopped ? undefined : parts.topic()
    if (next === current) return
    const before = current === undefined ? undefined : followed.get(current)
    const old = current
    current = next
    if (before !== undefined && old !== undefined) before.graceTimer = clock.after(topicGraceMs, () => drop(old))
    if (next !== undefined) follow(next)
  }

  function follow(topic: string): void {
    const known = followed.get(topic)
    known?.graceTimer?.()
    if (known !== undefined) known.graceTimer = undefined
    else {
      try {
        const off = network.subscribe(topic, take, { allows: (peerId) => parts.allows(peerId) })
        followed.set(topic, { off, graceTimer: undefined })
      } catch (error) {
        // Too many topics, say: sessions bring everything all the same.
        log.warn('log_live_not_followed', { code: isPeerhoodError(error) ? error.code : 'internal' })
      }
    }
  }

  function drop(topic: string): void {
    const known = followed.get(topic)
    known?.graceTimer?.()
    known?.off()
    followed.delete(topic)
  }

  // ---- out

  function send(kind: number, bytes: Uint8Array): void {
    if (current === undefined || stopped || !bucket.take(clock.monotonicMs())) return
    const message = new Uint8Array(1 + bytes.length)
    message[0] = kind
    message.set(bytes, 1)
    network.publish(current, message).catch((error: unknown) => {
      log.debug('log_live_not_published', { code: isPeerhoodError(error) ? error.code : 'internal' })
    })
  }

  return {
    refresh,
    publish(entries) {
      for (const { bytes } of entries) if (bytes.length <= publishedEntryBytesMax) send(entryKind, bytes)
    },
    sendEphemeral: (bytes) => send(ephemeralKind, bytes),
    stop() {
      stopped = true
      intake.stop()
      authors = []
      for (const topic of [...followed.keys()]) drop(topic)
    },
  }
}

/** identity multihash of a protobuf with an Ed25519 key: 00 24, 08 01, 12 20, and the 32 bytes. */
const peerIdHead = '002408011220'

/** The device whose key this peer id spells; undefined: the key is none of ours. */
export function deviceOfPeer(peerId: PeerId): DeviceId | undefined {
  const hex = toHex(base58.decode(peerId))
  return hex.startsWith(peerIdHead) && hex.length === peerIdHead.length + 64
    ? (hex.slice(peerIdHead.length) as DeviceId)
    : undefined
}
