// This computer asks members to be let into communities: each ask is a row, so that it goes on after a restart; everybody
// whom the link names is asked in turn, again and again, less and less often, until somebody has decided.
//
//   link ──ask──► asking ──admitted──► ticket ──► the community opens (gate.ts)
//                   ├─refused──► told once
//                   └─(30 days)──► unanswered
//
// Must stay true: one timer an ask, one conversation at once for each; an answer for another community than the one that
// was asked for lets nothing in.

import { toPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Log, Random } from '../base/ports.ts'
import { createUniform } from '../base/uniform.ts'
import type { Identity } from '../identity/types.ts'
import type { CommunityId } from '../log/types.ts'
import type { AdmissionStore } from './admission-store.ts'
import type { Ask } from './admission-types.ts'
import { decodeTicket } from './admission-wire.ts'
import { communityErrors } from './errors.ts'
import type { Gate } from './gate.ts'
import { parseRequestLink } from './invite-link.ts'
import { askDelayMsMax, askDelayMsMin, askEndsMs, asksMax } from './limits.ts'
import { checkNames } from './meet/guest.ts'
import type { Meet } from './meet/types.ts'
import type { Communities } from './types.ts'

export interface AskingParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly identity: Identity
  readonly communities: Communities
  readonly gate: Gate
  readonly meet: Meet
  readonly store: AdmissionStore
  readonly tell: (ask: Ask, admitted: boolean) => void
}

export interface Asking {
  start(): void
  stop(): Promise<void>
  ask(link: string, request: { readonly memberName: string; readonly note: string }): Ask
  list(): readonly Ask[]
  cancel(community: CommunityId): void
}

/** An ask at work. */
interface Work {
  ask: Ask
  rounds: number
  timer: Cancel | undefined
  round: Promise<void> | undefined
}

export function createAsking(parts: AskingParts): Asking {
  const { clock, identity, communities, gate, meet, store, log } = parts
  const uniform = createUniform(parts.random)
  const works = new Map<CommunityId, Work>()
  let stopping = new AbortController()

  function begin(ask: Ask): void {
    const work: Work = { ask, rounds: 0, timer: undefined, round: undefined }
    works.set(ask.community, work)
    if (ask.state === 'asking') schedule(work, 0)
  }

  function schedule(work: Work, delayMs: number): void {
    work.timer = clock.after(delayMs, () => {
      work.timer = undefined
      work.round = round(work).catch((error: unknown) => {
        log.error('ask_failed', { community: work.ask.community, code: toPeerhoodError(error).code })
      })
    })
  }

  /** Asks everybody once. */
  async function round(work: Work): Promise<void> {
    work.rounds += 1
    const { ask } = work
    let askAgainMs = 0
    for (const peer of ask.peers) {
      const answer = await askOne(work, peer)
      if (works.get(ask.community) !== work || stopping.signal.aborted) return
      if (answer === undefined) continue
      if (answer.state !== 'pending') return answer.state === 'refused' ? end(work, 'refused') : undefined
      askAgainMs = Math.max(askAgainMs, answer.askAgainMs)
      keep(work, { ...work.ask, reachedMs: clock.nowMs() })
    }
    if (clock.nowMs() - ask.askedMs > askEndsMs) return end(work, 'unanswered')
    // Some of it at random, so that those who lost the same member do not all come back at once.
    const backoffMs = Math.min(askDelayMsMax, askDelayMsMin * 2 ** Math.min(work.rounds - 1, 16))
    schedule(work, Math.min(askDelayMsMax, Math.max(askAgainMs, backoffMs)) * (0.8 + 0.4 * uniform()))
  }

  /** What one member's computer says; undefined when it can't be reached, or says nothing of use. */
  async function askOne({ ask }: Work, peer: Ask['peers'][number]) {
    const { community, memberName, note } = ask
    const certificate = identity.deviceCertificate
    try {
      const request = { community, certificate, memberName, deviceName: identity.deviceName, note }
      const answer = await meet.ask(peer, request, { signal: stopping.signal })
      if (answer.state === 'admitted') await comeIn(ask, answer.bytes)
      return answer
    } catch (error) {
      log.info('ask_unanswered', { community, peerId: peer.peerId, code: toPeerhoodError(error).code })
      return undefined
    }
  }

  async function comeIn(ask: Ask, bytes: Uint8Array): Promise<void> {
    const ticket = decodeTicket(bytes)
    if (ticket.community !== ask.community) {
      throw communityErrors.admission_malformed('The member let this computer into another community.')
    }
    await gate.enter(ticket, ask.memberName)
    forget(ask.community)
    parts.tell(ask, true)
  }

  function end(work: Work, state: 'refused' | 'unanswered'): void {
    keep(work, { ...work.ask, state, reachedMs: state === 'refused' ? clock.nowMs() : work.ask.reachedMs })
    parts.tell(work.ask, false)
  }

  function keep(work: Work, ask: Ask): void {
    const isFirst = work.ask.reachedMs === undefined && ask.reachedMs !== undefined && ask.state === 'asking'
    work.ask = ask
    store.putAsk(ask)
    if (isFirst) parts.tell(ask, false)
  }

  function forget(community: CommunityId): void {
    works.get(community)?.timer?.()
    works.delete(community)
    store.removeAsk(community)
  }

  return {
    start() {
      stopping = new AbortController()
      for (const ask of store.asks()) begin(ask)
    },
    async stop() {
      stopping.abort(communityErrors.request_not_here('Peerhood is stopping.'))
      for (const { timer } of works.values()) timer?.()
      await Promise.all([...works.values()].map(({ round }) => round))
      works.clear()
    },
    ask(link, { memberName, note }) {
      const { community, name, peers } = parseRequestLink(link)
      checkNames([memberName], note)
      const known = communities.list().find(({ id }) => id === community)
      if (known?.phase === 'open' && known.otherPerson !== true) {
        throw communityErrors.already_member('You are a member of this community.', {
          hint: 'See it with `peerhood community show`.',
        })
      }
      if (!works.has(community) && works.size >= asksMax) {
        throw communityErrors.asks_too_many(`This computer asks to be let into ${asksMax} communities already.`)
      }
      forget(community)
      const askedMs = clock.nowMs()
      const ask: Ask = { community, name, memberName, note, peers, state: 'asking', askedMs, reachedMs: undefined }
      store.putAsk(ask)
      begin(ask)
      parts.tell(ask, false)
      return ask
    },
    list: () => [...works.values()].map(({ ask }) => ask),
    cancel(community) {
      if (!works.has(community)) throw communityErrors.ask_unknown('This computer does not ask for this community.')
      forget(community)
    },
  }
}
