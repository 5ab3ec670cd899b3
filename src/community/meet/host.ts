// The effects of host-core.ts: one code that is open, its conversations and its handler.

import { isPeerhoodError, type PeerhoodError, toPeerhoodError } from '../../base/errors.ts'
import type { Clock, Log, Random } from '../../base/ports.ts'
import type { PeerId } from '../../network/types.ts'
import { type Code, codeSecret, codeText } from './code.ts'
import { meetErrors, type PeerFault } from './errors.ts'
import {
  type HostEffect,
  type HostEnd,
  type HostInput,
  hostDueMs,
  openHost,
  stepHost,
  type TalkId,
} from './host-core.ts'
import { answerBytesMax, codeLifeMs, nonceBytes, scalarBytes, triesMax } from './limits.ts'
import { aesSeal } from './seal.ts'
import type { Talk, TalkListener } from './talk.ts'
import { createTimer } from './timer.ts'
import type { Guest, GuestHandler, Hosting, MeetPurpose } from './types.ts'

export interface HostedCode extends Hosting {
  readonly nameplate: number
  /** A peer asks for this nameplate; what it sends from now on goes to the listener. */
  look(talk: Talk, guestNonce: Uint8Array): TalkListener
  /** As `cancel`, when Peerhood stops. */
  stop(): void
}

export interface HostParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly self: PeerId
  blame(peer: PeerId, fault: PeerFault): void
  /** A peer guessed wrongly. */
  guessed(peer: PeerId): void
  /** The code is over, in whatever way. */
  over(code: HostedCode): void
}

export function createHostedCode(
  code: Code,
  purpose: MeetPurpose,
  handler: GuestHandler,
  parts: HostParts,
): HostedCode {
  const { clock, random, log, self } = parts
  const { nameplate } = code
  const facts = { self, secret: codeSecret(code), kind: purpose.kind, seal: aesSeal }
  const talks = new Map<TalkId, Talk>()
  const { promise: done, resolve, reject } = Promise.withResolvers<Awaited<Hosting['done']>>()
  // Who hosts may well look at `done` later, or never.
  done.catch(() => {})
  const timer = createTimer(clock, () => step({ type: 'tick' }))
  let state = openHost(clock.monotonicMs())
  let talkCount = 0
  let decision: { readonly guest: Guest; readonly controller: AbortController } | undefined
  /** Why the handler refused. */
  let refusal: PeerhoodError | undefined

  function step(input: HostInput): void {
    const stepped = stepHost(facts, state, input, clock.monotonicMs())
    state = stepped.state
    for (const effect of stepped.effects) perform(effect)
    timer.set(hostDueMs(state))
  }

  function perform(effect: HostEffect): void {
    switch (effect.type) {
      case 'send':
        talks.get(effect.talk)?.send(effect.frame)
        break
      case 'end':
        talks.get(effect.talk)?.end(effect.last)
        talks.delete(effect.talk)
        break
      case 'blame':
        parts.blame(effect.peer, effect.fault)
        break
      case 'guessed':
        log.warn('meet_guess_wrong', { nameplate, peerId: effect.peer, triesLeft: effect.triesLeft })
        parts.guessed(effect.peer)
        break
      case 'decide':
        void decide(effect.talk, effect.guest)
        break
      case 'undecide':
        decision?.controller.abort(meetErrors.meet_broken('The guest has left, or the code was cancelled.'))
        break
      case 'over':
        finish(effect.end)
        break
    }
  }

  async function decide(talk: TalkId, guest: Guest): Promise<void> {
    const controller = new AbortController()
    decision = { guest, controller }
    log.info('meet_guest', { nameplate, peerId: guest.peer })
    try {
      // Its own turn: what the handler does must not run inside a step.
      await Promise.resolve()
      const bytes = await handler(guest, { signal: controller.signal })
      if (bytes.length > answerBytesMax)
        throw new Error(`assertion failed: an answer has at most ${answerBytesMax} bytes`)
      step({ type: 'answered', talk, bytes })
    } catch (error) {
      refusal = isPeerhoodError(error) ? error : toPeerhoodError(error)
      step({ type: 'declined', talk })
    }
  }

  function finish(end: HostEnd): void {
    log.info('meet_code_over', { nameplate, end })
    parts.over(hosted)
    const guest = decision?.guest
    if ((end === 'delivered' || end === 'sent') && guest !== undefined)
      resolve({ guest, delivered: end === 'delivered' })
    else reject(end === 'declined' ? refusal : errorOf(end))
  }

  const hosted: HostedCode = {
    code: codeText(code),
    nameplate,
    purpose,
    expiresAtMs: clock.nowMs() + codeLifeMs,
    get triesLeft() {
      return state.triesLeft
    },
    done,
    cancel: () => step({ type: 'cancel', stopping: false }),
    stop: () => step({ type: 'cancel', stopping: true }),
    look(talk, guestNonce) {
      const id = talkCount++
      talks.set(id, talk)
      const [hostNonce, scalar] = [random.bytes(nonceBytes), random.bytes(scalarBytes)]
      step({ type: 'looked', talk: id, peer: talk.peer, guestNonce, hostNonce, scalar })
      return {
        frame: (frame) => step({ type: 'frame', talk: id, frame }),
        closed: (fault) => step({ type: 'closed', talk: id, fault }),
      }
    },
  }
  timer.set(hostDueMs(state))
  log.info('meet_code_open', { nameplate, kind: purpose.kind })
  return hosted
}

function errorOf(end: HostEnd): PeerhoodError {
  switch (end) {
    case 'tries':
      return meetErrors.code_void(`The code was guessed at wrongly ${triesMax} times, so it is void.`)
    case 'expired':
      return meetErrors.code_expired('Nobody used the code within 10 minutes.', {
        hint: 'Make a new code and enter it on the other computer within 10 minutes.',
      })
    case 'undecided':
      return meetErrors.meet_undecided('Nobody decided about the guest in time.')
    case 'stopped':
      return meetErrors.meet_stopped('Peerhood is stopping, and the code with it.')
    default:
      return meetErrors.code_cancelled('The code was cancelled.')
  }
}
