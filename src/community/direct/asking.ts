// What this person asks: each request is a row and a conversation that waits for its second member; its peers are asked
// again and again, less and less often and whenever one connects, until there is an answer.
//
//   ask ──► conversation founded, first message in it, invitation ──► waiting ──► delivered ──(they join)──► over
//                                                                        └─ refused, expired, failed: told, shown, dropped
//
// Must stay true: one attempt at a time for each request, one timer for each; whatever is sent is the same bytes; a request
// that came to nothing leaves no conversation behind; what somebody wrote is dropped only when it stands elsewhere or its
// author was told.

import { toPeerhoodError } from '../../base/errors.ts'
import type { Cancel, Clock, Log, Random } from '../../base/ports.ts'
import { createUniform } from '../../base/uniform.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerAddress, PeerId } from '../../network/types.ts'
import type { Communities, CommunityEvent } from '../types.ts'
import { backoffMs } from './core.ts'
import { directErrors } from './errors.ts'
import { askDelayMsMax, askDelayMsMin, connectPauseMs, requestLifeMs } from './limits.ts'
import type { AskRow, DirectStore } from './store.ts'
import type { Ask, AskReason } from './types.ts'
import type { Decided, Frame, Refusal, RequestId } from './wire.ts'

export interface AskingParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly store: DirectStore
  readonly communities: Pick<Communities, 'list' | 'forget' | 'leave'>
  readonly self: () => PersonDid
  /** Where the peers of a request are now, by the token of their link. */
  readonly locate: (token: Uint8Array, signal: AbortSignal) => AsyncIterable<PeerAddress>
  readonly send: (peer: PeerAddress, frame: Frame, signal: AbortSignal) => Promise<Frame>
  /** Writes the first message, unless it stands there already. */
  readonly writeFirst: (community: CommunityId, text: string) => Promise<void>
  readonly tell: (ask: Ask, end: { readonly conversation?: CommunityId; readonly cancelled?: boolean }) => void
}

export interface Asking {
  /** Takes up what the rows say. */
  start(): void
  stop(): Promise<void>
  add(row: AskRow): void
  list(): readonly Ask[]
  /** The one that is not answered yet. */
  to(person: PersonDid): AskRow | undefined
  cancel(id: RequestId): Promise<void>
  cancelAllTo(person: PersonDid): Promise<void>
  /** The other says what they decided. */
  onDecided(id: RequestId, how: Decided, from: PeerId): Promise<void>
  onConnected(peer: PeerId): void
  onCommunity(event: CommunityEvent): void
  hurry(person: PersonDid): void
  /** Both asked: the other's conversation takes the place of ours. */
  giveWay(person: PersonDid, community: CommunityId): Promise<void>
}

/** A request at work. */
interface Work {
  row: AskRow
  /** Attempts in a row that reached nobody. */
  rounds: number
  lastMs: number
  timer: Cancel | undefined
  busy: Promise<void> | undefined
}

const unanswered: ReadonlySet<string> = new Set(['waiting', 'delivered', 'accepted', 'crossed'])

export function createAsking(parts: AskingParts): Asking {
  const { clock, store, communities, self, log } = parts
  const uniform = createUniform(parts.random)
  const works = new Map<RequestId, Work>()
  let stopping = new AbortController()

  // ---- rows

  function put(work: Work, change: Partial<AskRow>): void {
    work.row = { ...work.row, ...change }
    store.putAsk(self(), work.row)
  }

  /** It is at work no longer. */
  function drop(work: Work): void {
    work.timer?.()
    works.delete(work.row.id)
    store.removeAsk(work.row.id)
  }

  async function forgetCommunity(id: CommunityId): Promise<void> {
    if (communities.list().some((one) => one.id === id)) await communities.forget(id)
  }

  function tell(work: Work, end: Parameters<AskingParts['tell']>[1] = {}): void {
    parts.tell(askOf(work.row), end)
  }

  async function fail(
    work: Work,
    state: 'refused' | 'expired' | 'failed',
    change: Partial<AskRow> = {},
  ): Promise<void> {
    work.timer?.()
    put(work, { ...change, state })
    await forgetCommunity(work.row.community)
    tell(work)
  }

  // ---- attempts

  function begin(row: AskRow): Work {
    const work: Work = { row, rounds: 0, lastMs: Number.NEGATIVE_INFINITY, timer: undefined, busy: undefined }
    works.set(row.id, work)
    if (isAtWork(row)) schedule(work, 0)
    if (row.state === 'moved') void settle(work)
    return work
  }

  const isAtWork = ({ state }: AskRow) => unanswered.has(state) || state === 'cancelled'

  function schedule(work: Work, delayMs: number): void {
    work.timer?.()
    work.timer = clock.after(delayMs, () => {
      work.timer = undefined
      attempt(work)
    })
  }

  function attempt(work: Work): void {
    if (work.busy !== undefined || stopping.signal.aborted) return
    work.timer?.()
    work.timer = undefined
    work.lastMs = clock.monotonicMs()
    work.busy = round(work)
      .catch((error: unknown) => {
        log.error('direct_ask_failed', { code: toPeerhoodError(error).code })
        if (works.get(work.row.id) === work) schedule(work, askDelayMsMax)
      })
      .finally(() => {
        work.busy = undefined
        if (work.row.state === 'moved') void settle(work)
      })
  }

  /** Asks everybody once, or until somebody has answered. */
  async function round(work: Work): Promise<void> {
    if (clock.nowMs() - work.row.askedMs > requestLifeMs) return expire(work)
    work.rounds += 1
    const answer = (await sendToAll(work, work.row.peers)) ?? (await sendToAll(work, await located(work)))
    if (works.get(work.row.id) !== work || stopping.signal.aborted) return
    if (answer !== undefined) return take(work, answer)
    // Some of it at random, so that those who lost the same peer do not all come back at once.
    schedule(work, backoffMs(work.rounds) * (0.8 + 0.4 * uniform()))
  }

  /** The first answer of any. */
  async function sendToAll(work: Work, peers: readonly PeerAddress[]): Promise<Frame | undefined> {
    for (const peer of peers) {
      const answer = await sendTo(work, peer)
      if (answer !== undefined || works.get(work.row.id) !== work || stopping.signal.aborted) return answer
    }
    return undefined
  }

  /** The same peers where they are now, if they are elsewhere than the link says; nobody else is asked in their place. */
  async function located({ row }: Work): Promise<PeerAddress[]> {
    const found: PeerAddress[] = []
    if (row.token === undefined || stopping.signal.aborted) return found
    try {
      for await (const peer of parts.locate(row.token, stopping.signal)) {
        const known = row.peers.find(({ peerId }) => peerId === peer.peerId)
        if (known !== undefined) found.push(peer)
      }
    } catch (error) {
      log.debug('direct_not_located', { code: toPeerhoodError(error).code })
    }
    return found
  }

  async function expire(work: Work): Promise<void> {
    if (work.row.state === 'cancelled') drop(work)
    else await fail(work, 'expired')
  }

  async function sendTo({ row }: Work, peer: PeerAddress): Promise<Frame | undefined> {
    const frame: Frame = row.state === 'cancelled' ? { kind: 'cancel', id: row.id } : { kind: 'ask', bytes: row.bytes }
    try {
      return await parts.send(peer, frame, stopping.signal)
    } catch (error) {
      log.debug('direct_unanswered', { peerId: peer.peerId, code: toPeerhoodError(error).code })
      return undefined
    }
  }

  async function take(work: Work, answer: Frame): Promise<void> {
    const { row } = work
    if (row.state === 'cancelled') return answer.kind === 'done' ? drop(work) : schedule(work, askDelayMsMax)
    if (!unanswered.has(row.state)) return
    switch (answer.kind) {
      case 'pending':
        return reached(work, row.state === 'accepted' ? 'accepted' : 'delivered', answer.waitMs)
      case 'accepted':
        return reached(work, 'accepted', askDelayMsMax)
      case 'crossed':
        return reached(work, 'crossed', askDelayMsMin)
      case 'refuse':
        return onRefusal(work, answer.reason, answer.waitMs)
      default:
        // A frame that answers nothing: the next attempt may fare better.
        return schedule(work, askDelayMsMax)
    }
  }

  /** Their computer has it: they come by themselves, or say so. */
  function reached(work: Work, state: 'delivered' | 'accepted' | 'crossed', waitMs: number): void {
    const isNews = work.row.state !== state || work.row.reachedMs === undefined
    work.rounds = 0
    put(work, { state, reachedMs: clock.nowMs() })
    schedule(work, Math.max(askDelayMsMin, Math.min(askDelayMsMax, waitMs)) * (0.9 + 0.2 * uniform()))
    if (isNews) tell(work)
  }

  async function onRefusal(work: Work, reason: Refusal, waitMs: number): Promise<void> {
    const end = ends[reason]
    if (end !== undefined) {
      const againMs = reason === 'later' ? clock.nowMs() + waitMs : undefined
      await fail(work, end.state, { reason: end.reason, reachedMs: clock.nowMs(), againMs })
      return
    }
    if (reason === 'over') return fail(work, 'expired')
    // Busy, or stopping: the same later.
    schedule(work, Math.max(backoffMs(work.rounds), waitMs))
  }

  // ---- what comes of it

  /** Somebody has come into the conversation. */
  async function joined(work: Work, person: PersonDid | undefined): Promise<void> {
    const { row } = work
    if (row.state === 'cancelled' || !unanswered.has(row.state)) return
    if (person !== row.person) {
      // The invitation was handed on: what is to be said was for somebody else.
      await communities.leave(row.community).catch(() => {})
      return fail(work, 'failed', { reason: 'other_person' })
    }
    drop(work)
    tell(work, { conversation: row.community })
  }

  /** The other's conversation is open: what was written goes there, then ours goes. */
  async function settle(work: Work): Promise<void> {
    const { moved, text, community } = work.row
    const target = communities.list().find(({ id }) => id === moved)
    if (moved === undefined || target?.phase === 'joining' || work.busy !== undefined) return
    work.busy = (async () => {
      if (target?.phase !== 'open') return fail(work, 'failed', { reason: 'not_here' })
      await parts.writeFirst(moved, text)
      await forgetCommunity(community)
      drop(work)
      tell(work, { conversation: moved })
    })()
      .catch((error: unknown) => log.error('direct_not_moved', { code: toPeerhoodError(error).code }))
      .finally(() => {
        work.busy = undefined
      })
    await work.busy
  }

  async function cancel(work: Work): Promise<void> {
    const { row } = work
    work.timer?.()
    if (row.state === 'moved')
      throw directErrors.direct_request_over('They asked you, too, and the conversation begins.')
    const theyKnow = unanswered.has(row.state) && row.reachedMs !== undefined
    if (theyKnow) put(work, { state: 'cancelled' })
    else drop(work)
    await forgetCommunity(row.community)
    parts.tell(askOf(row), { cancelled: true })
    if (theyKnow) schedule(work, 0)
  }

  const find = (id: RequestId): Work => {
    const work = works.get(id)
    if (work !== undefined && work.row.state !== 'cancelled') return work
    throw directErrors.direct_ask_unknown('You do not ask anybody by this id.')
  }

  const unansweredTo = (person: PersonDid) =>
    [...works.values()].find(({ row }) => row.person === person && unanswered.has(row.state))

  return {
    start() {
      stopping = new AbortController()
      for (const row of store.asks(self())) {
        const work = begin(row)
        const direct = communities.list().find(({ id }) => id === row.community)?.direct
        if (direct?.joined === true) void joined(work, direct.with)
      }
    },
    async stop() {
      stopping.abort(directErrors.direct_stopped('Peerhood is stopping.'))
      for (const { timer } of works.values()) timer?.()
      await Promise.all([...works.values()].map(({ busy }) => busy))
      works.clear()
    },
    add(row) {
      store.putAsk(self(), row)
      tell(begin(row))
    },
    list: () =>
      [...works.values()]
        .filter(({ row }) => row.state !== 'cancelled' && row.state !== 'moved')
        .map(({ row }) => askOf(row)),
    to: (person) => unansweredTo(person)?.row,
    cancel: async (id) => cancel(find(id)),
    async cancelAllTo(person) {
      const work = unansweredTo(person)
      if (work !== undefined) await cancel(work)
    },
    async onDecided(id, how, from) {
      const work = works.get(id)
      if (work === undefined || !work.row.peers.some(({ peerId }) => peerId === from)) return
      if (!unanswered.has(work.row.state)) return
      if (how === 'accepted') reached(work, 'accepted', askDelayMsMax)
      else await fail(work, 'refused', { reason: 'declined', reachedMs: clock.nowMs() })
    },
    onConnected(peer) {
      for (const work of works.values()) {
        const { row, lastMs } = work
        if (!isAtWork(row) || !row.peers.some(({ peerId }) => peerId === peer)) continue
        if (clock.monotonicMs() - lastMs >= connectPauseMs) attempt(work)
      }
    },
    onCommunity(event) {
      if (event.type !== 'community' && event.type !== 'removed') return
      for (const work of [...works.values()]) {
        if (work.row.moved === event.id) void settle(work)
        if (work.row.community !== event.id) continue
        if (event.type === 'removed') {
          // Deleted by hand: nobody can come in any more.
          if (unanswered.has(work.row.state)) void cancel(work)
          continue
        }
        const direct = communities.list().find(({ id }) => id === event.id)?.direct
        if (direct?.joined === true) void joined(work, direct.with)
      }
    },
    hurry(person) {
      const work = unansweredTo(person)
      if (work !== undefined) attempt(work)
    },
    async giveWay(person, community) {
      const work = unansweredTo(person)
      if (work === undefined) return
      work.timer?.()
      put(work, { state: 'moved', moved: community })
      await settle(work)
    },
  }
}

const ends: Readonly<Partial<Record<Refusal, { readonly state: 'refused' | 'failed'; readonly reason: AskReason }>>> = {
  declined: { state: 'refused', reason: 'declined' },
  closed: { state: 'refused', reason: 'closed' },
  later: { state: 'refused', reason: 'later' },
  link_needed: { state: 'failed', reason: 'link_needed' },
  not_here: { state: 'failed', reason: 'not_here' },
  clock: { state: 'failed', reason: 'clock' },
}

export function askOf({ bytes: _bytes, token: _token, moved: _moved, state, ...ask }: AskRow): Ask {
  // Those on the way elsewhere are shown as accepted, if at all.
  return { ...ask, state: state === 'moved' || state === 'cancelled' ? 'accepted' : state }
}
