// The effects of finder-core.ts and guest-core.ts: asks peers for a nameplate, and tries the code with those that host it.

import type { PeerhoodError } from '../../base/errors.ts'
import { type Clock, deadline, type Log, type Random } from '../../base/ports.ts'
import type { Network, PeerAddress, PeerId } from '../../network/types.ts'
import { codeSecret, parseCode } from './code.ts'
import { meetErrors, type PeerFault } from './errors.ts'
import { type FinderEnd, type FinderInput, finderDueMs, openFinder, stepFinder } from './finder-core.ts'
import {
  type Attempt,
  type GuestFacts,
  type GuestInput,
  type GuestOutcome,
  guestDueMs,
  openGuest,
  stepGuest,
} from './guest-core.ts'
import { lookTimeoutMs, nonceBytes, noteCharsMax, scalarBytes } from './limits.ts'
import { encodeGuestMessage, isName, isNote } from './message-wire.ts'
import { aesSeal } from './seal.ts'
import { createTalk } from './talk.ts'
import { createTimer } from './timer.ts'
import type { EnterRequest, Met } from './types.ts'
import { meetProtocol } from './wire.ts'

export interface GuestParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly network: Network
  blame(peer: PeerId, fault: PeerFault): void
}

/** Throws `meet_name_unusable`, `meet_note_unusable`. */
export function checkNames(names: readonly string[], note: string): void {
  if (!names.every(isName)) {
    throw meetErrors.meet_name_unusable('This can’t be a name: it is empty, too long or not all visible.')
  }
  if (!isNote(note)) {
    throw meetErrors.meet_note_unusable(`A note has at most ${noteCharsMax} characters, all of them visible.`)
  }
}

/** `Meet.enter`; `signal` ends it, whatever it is doing. */
export async function enterCode(
  text: string,
  request: EnterRequest,
  signal: AbortSignal,
  parts: GuestParts,
): Promise<Met> {
  const { kind, certificate, memberName, deviceName, memo = '', peers = [] } = request
  const code = parseCode(text)
  checkNames([memberName, deviceName], memo)
  signal.throwIfAborted()
  const { random } = parts
  const message = encodeGuestMessage({ kind, certificate, memberName, deviceName, memo })
  const given = new Map(peers.map((peer) => [peer.peerId, peer]))
  const run = (peer: PeerId, attempt: Attempt | undefined, ended: AbortSignal) =>
    converse(given.get(peer) ?? { peerId: peer, addresses: [] }, code.nameplate, attempt, ended, parts)
  const end = await find([...given.keys()], signal, parts, {
    ask: (peer, ended) => run(peer, undefined, ended),
    attempt: (peer, ended) =>
      run(peer, { secret: codeSecret(code), scalar: random.bytes(scalarBytes), message }, ended),
  })
  if (end.how === 'met') return { host: end.host, bytes: end.bytes }
  throw errorOf(end)
}

interface FindSteps {
  ask(peer: PeerId, signal: AbortSignal): Promise<GuestOutcome>
  attempt(peer: PeerId, signal: AbortSignal): Promise<GuestOutcome>
}

/** Runs the search; rejects with the signal's reason only. */
function find(first: readonly PeerId[], signal: AbortSignal, parts: GuestParts, steps: FindSteps): Promise<FinderEnd> {
  const { clock, network, log } = parts
  const { promise, resolve, reject } = Promise.withResolvers<FinderEnd>()
  const controller = new AbortController()
  const timer = createTimer(clock, () => step({ type: 'tick' }))
  let state = openFinder(clock.monotonicMs())
  let over = false

  function step(input: FinderInput): void {
    if (over) return
    const nowMs = clock.monotonicMs()
    const stepped = stepFinder(state, input, nowMs)
    state = stepped.state
    for (const effect of stepped.effects) {
      if (effect.type === 'end') {
        finish(() => resolve(effect.end))
        return
      }
      const { type, peer } = effect
      const work = type === 'ask' ? steps.ask(peer, controller.signal) : steps.attempt(peer, controller.signal)
      void work.then((outcome) => {
        log.debug(type === 'ask' ? 'meet_asked' : 'meet_tried', { peerId: peer, how: outcome.how })
        step({ type: type === 'ask' ? 'asked' : 'tried', peer, outcome })
      })
    }
    timer.set(finderDueMs(state, nowMs))
  }

  function finish(settle: () => void): void {
    if (over) return
    over = true
    timer.set(undefined)
    off()
    signal.removeEventListener('abort', onAbort)
    controller.abort(meetErrors.meet_broken('The search is over.'))
    settle()
  }

  const onAbort = () => finish(() => reject(signal.reason))
  const off = network.on((event) => {
    if (event.type === 'peer' && event.peer.state === 'connected') {
      step({ type: 'candidates', peers: [event.peer.peerId] })
    }
  })
  signal.addEventListener('abort', onAbort, { once: true })
  const connected = network.peers().filter(({ state }) => state === 'connected')
  step({ type: 'candidates', peers: [...first, ...connected.map(({ peerId }) => peerId)] })
  return promise
}

/** One conversation with one peer. Never rejects. */
async function converse(
  peer: PeerAddress,
  nameplate: number,
  attempt: Attempt | undefined,
  signal: AbortSignal,
  { clock, random, network, blame }: GuestParts,
): Promise<GuestOutcome> {
  const stream = await openTalk(peer, signal, { clock, network }).catch(() => undefined)
  if (stream === undefined) return { how: 'broken', guessed: false }
  const facts: GuestFacts = {
    self: network.self,
    host: peer.peerId,
    nameplate,
    nonce: random.bytes(nonceBytes),
    attempt,
    seal: aesSeal,
  }
  const { promise, resolve } = Promise.withResolvers<GuestOutcome>()
  const talk = createTalk(stream, clock, {
    frame: (frame) => step({ type: 'frame', frame }),
    closed: (fault) => step({ type: 'closed', fault }),
  })
  const timer = createTimer(clock, () => step({ type: 'tick' }))
  let { state, effects } = openGuest(facts, clock.monotonicMs())

  function step(input: GuestInput): void {
    const stepped = stepGuest(facts, state, input, clock.monotonicMs())
    ;({ state, effects } = stepped)
    perform()
  }

  function perform(): void {
    for (const effect of effects) {
      if (effect.type === 'send') talk.send(effect.frame)
      else if (effect.type === 'blame') blame(peer.peerId, effect.fault)
      else {
        talk.end(effect.last)
        resolve(effect.outcome)
      }
    }
    timer.set(guestDueMs(state))
  }

  const onAbort = () => step({ type: 'closed' })
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  else perform()
  void talk.run()
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** A stream to a peer, connecting first where needed. Rejects as the network does, or with the signal's reason. */
export async function openTalk(
  peer: PeerAddress,
  signal: AbortSignal,
  { clock, network }: { readonly clock: Clock; readonly network: Network },
) {
  const late = () => meetErrors.meet_broken('The other computer did not answer in time.')
  const limit = deadline(clock, lookTimeoutMs, late, signal)
  try {
    if (peer.addresses.length > 0) await network.connect(peer, { source: 'manual', signal: limit.signal })
    return await network.openStream(peer.peerId, meetProtocol, { signal: limit.signal })
  } finally {
    limit.done()
  }
}

function errorOf(end: Exclude<FinderEnd, { how: 'met' }>): PeerhoodError {
  switch (end.how) {
    case 'wrong':
      return meetErrors.code_wrong('This is not the code that the other computer shows.')
    case 'over':
      return meetErrors.code_expired('This code is no longer good: it was used, cancelled, guessed at or it expired.')
    case 'later':
      return meetErrors.code_wait(`The other computer takes the next try in ${Math.ceil(end.waitMs / 1000)} seconds.`, {
        details: { waitMs: end.waitMs },
      })
    case 'busy':
      return meetErrors.code_busy('The other computer is busy with another guest.')
    case 'declined':
      return meetErrors.meet_declined('The other side said no.')
    case 'other_purpose':
      return meetErrors.code_for_other_purpose('This code is for something else.')
    case 'broken':
      return meetErrors.meet_broken('The other computer was found, but the conversation broke off.')
    case 'nobody':
      return meetErrors.code_not_found(notFoundSentence(end.asked), { details: { asked: end.asked } })
  }
}

function notFoundSentence(asked: number): string {
  if (asked === 0) return 'No other computer with Peerhood was found here.'
  return `No computer here knows this number; ${asked === 1 ? 'one was' : `${asked} were`} asked.`
}
