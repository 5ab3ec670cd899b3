// Proof of holding: a member asks a keeper for the digest of entries that the keeper says it has, chosen at random and new
// each time, so that whoever has dropped some of them is found out sooner or later. Either side answers challenges; members
// ask keepers. A keeper that fetches what it dropped from somewhere else meanwhile passes: the deadline is all that is
// against it.

import { createHash } from 'node:crypto'
import { TokenBucket } from '../../base/bounded.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { Clock, Random } from '../../base/ports.ts'
import { createUniform } from '../../base/uniform.ts'
import type { DeviceId, Vector } from '../types.ts'
import { syncPeerErrors } from './errors.ts'
import {
  challengeEveryMs,
  challengeFirstMs,
  challengePlacesMax,
  challengesBurst,
  challengesPerSecond,
  challengeTimeoutMs,
} from './limits.ts'
import type { SessionLog } from './session-types.ts'
import type { SyncFailure } from './types.ts'
import type { Frame, Place } from './wire.ts'

/** sha2-256 of the nonce and the entries' bytes; undefined when one of them is not here. */
export function holdingDigest(
  log: Pick<SessionLog, 'at'>,
  nonce: Uint8Array,
  places: readonly Place[],
): Uint8Array | undefined {
  const hash = createHash('sha256').update(nonce)
  for (const { device, seq } of places) {
    const entry = log.at(device, seq)
    if (entry === undefined) return undefined
    hash.update(entry.bytes)
  }
  return new Uint8Array(hash.digest())
}

export interface KeeperWatchParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Pick<SessionLog, 'at' | 'vector' | 'forks'>
  /** Whether we ask the peer. */
  readonly asks: boolean
  /** What the peer says that it has. */
  told(): Vector
  send(frame: Frame): void
  /** Undefined: it holds what it was asked for. */
  proven(failure: SyncFailure | undefined): void
}

export interface KeeperWatch {
  /** Throws `challenges_too_many`. */
  onChallenge(nonce: Uint8Array, places: readonly Place[]): void
  /** Throws `entries_not_asked`: an answer to nothing. */
  onHolding(nonce: Uint8Array, digest: Uint8Array | undefined): void
  /** `isLevel`: neither side has entries on the way, behind which an answer would wait. */
  tick(isLevel: boolean): void
}

interface Challenge {
  readonly nonce: Uint8Array
  readonly places: readonly Place[]
  readonly sentMs: number
}

export function createKeeperWatch(parts: KeeperWatchParts): KeeperWatch {
  const { clock, random, log } = parts
  const uniform = createUniform(random)
  const nowMs = clock.monotonicMs()
  const bucket = new TokenBucket({ perSecond: challengesPerSecond, burst: challengesBurst, nowMs })
  let open: Challenge | undefined
  let dueMs: number | undefined

  function ask(): void {
    const places = choosePlaces(parts.told(), log, uniform)
    if (places.length === 0) return
    open = { nonce: random.bytes(32), places, sentMs: clock.monotonicMs() }
    parts.send({ kind: 'challenge', nonce: open.nonce, places })
  }

  return {
    onChallenge(nonce, places) {
      if (!bucket.take(clock.monotonicMs())) {
        throw syncPeerErrors.challenges_too_many('A peer asks for proof again and again.')
      }
      parts.send({ kind: 'holding', nonce, digest: holdingDigest(log, nonce, places) })
    },
    onHolding(nonce, digest) {
      if (open === undefined || !equalBytes(open.nonce, nonce)) {
        throw syncPeerErrors.entries_not_asked('A peer proves what nobody asked it to prove.')
      }
      const expected = holdingDigest(log, nonce, open.places)
      open = undefined
      const isProven = expected !== undefined && digest !== undefined && equalBytes(digest, expected)
      parts.proven(isProven ? undefined : 'keeper_withholds')
    },
    tick(isLevel) {
      if (!parts.asks) return
      const nowMs = clock.monotonicMs()
      if (open !== undefined) {
        if (nowMs - open.sentMs <= challengeTimeoutMs) return
        open = undefined
        parts.proven('keeper_withholds')
        return
      }
      if (!isLevel) return
      dueMs ??= nowMs + challengeFirstMs
      if (nowMs < dueMs) return
      dueMs = nowMs + challengeEveryMs
      ask()
    },
  }
}

/** Up to `challengePlacesMax` different entries that the peer has by its word and we have, every entry as likely as another. */
function choosePlaces(told: Vector, log: Pick<SessionLog, 'vector' | 'forks'>, uniform: () => number): Place[] {
  const ours = log.vector()
  const forked = new Set(log.forks().map(({ device }) => device))
  const devices: { readonly device: DeviceId; readonly count: number }[] = []
  let total = 0
  for (const [device, seq] of told) {
    // Of a forked device each side may hold another entry of one number.
    const count = forked.has(device) ? 0 : Math.min(seq, ours.get(device) ?? 0)
    if (count === 0) continue
    devices.push({ device, count })
    total += count
  }
  const chosen = new Map<number, Place>()
  for (let tries = 0; tries < 2 * challengePlacesMax && chosen.size < Math.min(challengePlacesMax, total); tries++) {
    const index = Math.floor(uniform() * total)
    const place = placeAt(devices, index)
    if (place !== undefined) chosen.set(index, place)
  }
  return [...chosen.values()]
}

function placeAt(devices: readonly { device: DeviceId; count: number }[], index: number): Place | undefined {
  let before = 0
  for (const { device, count } of devices) {
    if (index < before + count) return { device, seq: index - before + 1 }
    before += count
  }
  return undefined
}
