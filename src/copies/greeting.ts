// How an author learns that this computer has agreed: it is told, wherever it can be found, until it asks. An author that asks
// remembers the keeper; from then on it is the author who comes.

import { toPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Log } from '../base/ports.ts'
import type { PersonDid } from '../identity/types.ts'
import type { Network, PeerAddress, PeerId } from '../network/types.ts'
import { copiesErrors } from './errors.ts'
import { authorsPerSearchMax, helloPauseMaxMs, helloPauseMinMs, unaskedMs } from './limits.ts'
import type { AgreementRow, CopiesStore } from './store.ts'
import { exchange } from './talk.ts'

export interface GreetingParts {
  readonly clock: Clock
  readonly log: Log
  readonly network: Network
  readonly store: Pick<CopiesStore, 'agreements' | 'agreement'>
  readonly certificate: () => Uint8Array
  readonly devicesOf: (person: PersonDid) => readonly PeerId[]
  readonly locate: (token: Uint8Array, signal: AbortSignal) => AsyncIterable<PeerAddress>
}

export interface Greeting {
  start(): void
  stop(): Promise<void>
  agreed(person: PersonDid): void
  ended(person: PersonDid): void
  connected(peer: PeerId): void
}

interface Round {
  failures: number
  timer: Cancel | undefined
  busy: boolean
}

export function createGreeting(parts: GreetingParts): Greeting {
  const { clock, log, store } = parts
  const rounds = new Map<PersonDid, Round>()
  const running = new Set<Promise<void>>()
  let stopping = new AbortController()

  /** It was asked lately: the author knows. */
  function isKnown({ askedMs }: AgreementRow): boolean {
    return askedMs !== undefined && Math.abs(clock.nowMs() - askedMs) < unaskedMs
  }

  function begin(person: PersonDid): void {
    const round = rounds.get(person) ?? { failures: 0, timer: undefined, busy: false }
    rounds.set(person, round)
    round.timer?.()
    round.timer = undefined
    const agreement = store.agreement(person)
    if (round.busy || stopping.signal.aborted || agreement === undefined) return
    if (isKnown(agreement)) {
      later(person, round, unaskedMs)
      return
    }
    round.busy = true
    const work = greet(agreement)
      .catch((error: unknown) => log.debug('copies_not_told', { code: toPeerhoodError(error).code }))
      .then(() => {
        round.busy = false
        if (rounds.get(person) !== round || stopping.signal.aborted) return
        later(person, round, Math.min(helloPauseMaxMs, helloPauseMinMs * 2 ** Math.min(round.failures, 10)))
        round.failures += 1
      })
    running.add(work)
    void work.finally(() => running.delete(work))
  }

  function later(person: PersonDid, round: Round, pauseMs: number): void {
    round.timer = clock.after(pauseMs, () => begin(person))
  }

  /**
   * Those that are known first; where none of them takes it, the link's computers are looked for where they are now. Others
   * that announce the same token may be anybody who has the link, so they are told nothing.
   */
  async function greet({ person, peers, token }: AgreementRow): Promise<void> {
    const { signal } = stopping
    const known = [...peers, ...parts.devicesOf(person).map((peerId) => ({ peerId, addresses: [] }))]
    let isTold = false
    for (const peer of known) isTold = (await hello(peer, token)) || isTold
    if (isTold || token === undefined) return
    let found = 0
    for await (const peer of parts.locate(token, signal)) {
      const isNamed = peers.some(({ peerId }) => peerId === peer.peerId)
      if ((isNamed && (await hello(peer, token))) || ++found >= authorsPerSearchMax) return
    }
  }

  async function hello(peer: PeerAddress, token: Uint8Array | undefined): Promise<boolean> {
    if (peer.peerId === parts.network.self) return false
    try {
      const frame = { kind: 'hello', certificate: parts.certificate(), token } as const
      const answer = await exchange(parts, peer, frame, stopping.signal)
      return answer.kind === 'done'
    } catch (error) {
      log.debug('copies_not_told', { peerId: peer.peerId, code: toPeerhoodError(error).code })
      return false
    }
  }

  return {
    start() {
      stopping = new AbortController()
      for (const { person } of store.agreements()) begin(person)
    },
    async stop() {
      for (const { timer } of rounds.values()) timer?.()
      rounds.clear()
      stopping.abort(copiesErrors.copies_stopped('Peerhood is stopping.'))
      await Promise.all(running)
    },
    agreed(person) {
      const round = rounds.get(person)
      if (round !== undefined) round.failures = 0
      begin(person)
    },
    ended(person) {
      rounds.get(person)?.timer?.()
      rounds.delete(person)
    },
    connected(peer) {
      for (const agreement of store.agreements()) {
        const { person, peers } = agreement
        const round = rounds.get(person)
        if (round === undefined || round.busy || isKnown(agreement)) continue
        const isTheirs = peers.some(({ peerId }) => peerId === peer) || parts.devicesOf(person).includes(peer)
        if (isTheirs) begin(person)
      }
    },
  }
}
