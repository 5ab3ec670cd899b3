// Asks peers for what a light client needs, one after the other, until what one answers holds. Whoever keeps answers to itself
// costs a few seconds once, and comes last from then on; no peer is asked so much that it would blame us.

import { TokenBucket } from '../../base/bounded.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { type Clock, deadline, sleep } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import type { Header } from '../chain/types.ts'
import type { Recover } from '../consensus/types.ts'
import type { Hash, ValidatorSet } from '../types.ts'
import { fault, validatorErrors } from './errors.ts'
import { checkFinality, readHeader } from './finality.ts'
import {
  lightAnswerMs,
  lightPaceMs,
  lightPeersAskedMax,
  lightQuestionsMax,
  lightRequestsBurst,
  lightRequestsPerSecond,
} from './limits.ts'
import type { Peer, Peers } from './peers.ts'
import type { AnswerTo, Requests } from './requests.ts'
import type { PeerName } from './types.ts'
import type { Request } from './wire.ts'

/** One who is asked. What it answers is checked by whoever asks; a fault that is thrown costs it its blame. */
export interface Asked {
  ask<Kind extends Request['kind']>(request: Extract<Request, { kind: Kind }>): Promise<AnswerTo<Kind>>
  /** Final headers from this height on, each the parent of the next; the last of them has a certificate. */
  headers(from: number, count: number): Promise<readonly Header[]>
}

export interface AskingParts {
  readonly clock: Clock
  readonly peers: Peers
  readonly requests: Requests
  readonly genesisHash: Hash
  readonly recover: Recover
  readonly signal: AbortSignal
  setOf(epoch: number): ValidatorSet | undefined
  /** Blames the peer where it is at fault; throws when all ends. */
  complain(peer: Peer, error: unknown): void
}

export class Asking {
  readonly #parts: AskingParts
  /** How often somebody did not answer in a row. */
  readonly #silent = new Map<PeerName, number>()
  readonly #paces = new Map<PeerName, TokenBucket>()
  readonly #turns = createTurns(lightQuestionsMax)

  constructor(parts: AskingParts) {
    this.#parts = parts
  }

  disconnected(name: PeerName): void {
    this.#silent.delete(name)
    this.#paces.delete(name)
  }

  /** Undefined: some answered that they don't have it, and nobody has. Throws `ledger_nobody_answers`. */
  ask<Result>(work: (peer: Asked) => Promise<Result>): Promise<Result | undefined> {
    return this.#turns(() => this.#askAll(work))
  }

  async #askAll<Result>(work: (peer: Asked) => Promise<Result>): Promise<Result | undefined> {
    let isRefused = false
    for (const peer of this.#inTurn()) {
      try {
        const found = await work({
          ask: (request) => this.#askOne(peer, request),
          headers: (from, count) => this.#headers(peer, from, count),
        })
        this.#silent.delete(peer.name)
        return found
      } catch (error) {
        this.#parts.complain(peer, error)
        const saysNo = isPeerhoodError(error) && error.details.refusal === 'not_here'
        isRefused ||= saysNo
        if (!saysNo && this.#parts.peers.get(peer.name) === peer) {
          this.#silent.set(peer.name, (this.#silent.get(peer.name) ?? 0) + 1)
        }
      }
    }
    if (isRefused) return undefined
    throw validatorErrors.ledger_nobody_answers('Nobody who is connected proved what was asked.')
  }

  #inTurn(): Peer[] {
    const silent = (peer: Peer) => this.#silent.get(peer.name) ?? 0
    const all = this.#parts.peers.greeted().sort((a, b) => silent(a) - silent(b))
    return all.slice(0, lightPeersAskedMax)
  }

  async #askOne<Kind extends Request['kind']>(
    peer: Peer,
    request: Extract<Request, { kind: Kind }>,
  ): Promise<AnswerTo<Kind>> {
    const { clock, requests, signal } = this.#parts
    await this.#pace(peer.name)
    const silent = () => validatorErrors.ledger_nobody_answers('The peer that was asked did not answer in time.')
    const limit = deadline(clock, lightAnswerMs, silent, signal)
    try {
      return await requests.ask<Kind>(peer.name, request, { signal: limit.signal })
    } finally {
      limit.done()
    }
  }

  async #pace(name: PeerName): Promise<void> {
    const { clock, signal } = this.#parts
    let pace = this.#paces.get(name)
    if (pace === undefined) {
      const nowMs = clock.monotonicMs()
      pace = new TokenBucket({ perSecond: lightRequestsPerSecond, burst: lightRequestsBurst, nowMs })
      this.#paces.set(name, pace)
    }
    while (!pace.take(clock.monotonicMs())) await sleep(clock, lightPaceMs, { signal })
  }

  async #headers(peer: Peer, from: number, count: number): Promise<readonly Header[]> {
    const { genesisHash, recover, setOf } = this.#parts
    const { headers } = await this.#askOne<'headers'>(peer, { kind: 'headers', from, count })
    const found: Header[] = []
    let certain = 0
    for (const { header: bytes, certificate } of headers) {
      const header = readHeader(bytes)
      const before = found.at(-1)
      const isNext = header.height === from + found.length && (before === undefined || header.parent === before.hash)
      if (!isNext) throw fault('ledger_block_invalid')
      found.push(header)
      if (certificate.length === 0) continue
      const set = setOf(header.place?.epoch ?? -1)
      if (set === undefined) break
      checkFinality(header, certificate, { set, genesisHash, recover })
      certain = found.length
    }
    return found.slice(0, certain)
  }
}
