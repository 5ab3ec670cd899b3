// Shows messages that are meant for this person on their desktop, while no page is open that could.
//
//   chat, direct ──► meant for us, unread? ──► wait a moment (read on another computer?) ──► not too fast ──► notify-send
//
// Must stay true: with notifications switched off nothing is run; one program at a time, and no queue that others can grow.

import type { Chat, Message } from '../../apps/chat/types.ts'
import { TokenBucket } from '../../base/bounded.ts'
import { isPeerhoodError, toPeerhoodError } from '../../base/errors.ts'
import type { Cancel, Clock, Log } from '../../base/ports.ts'
import type { Direct } from '../../community/direct/types.ts'
import type { Communities } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { DoctorCheck } from '../../network/types.ts'
import { nodeErrors } from '../errors.ts'
import {
  notificationsBurst,
  notificationsPerMinute,
  notificationsWaitingMax,
  notifySettleMs,
  notifySummaryMs,
} from '../limits.ts'
import {
  type DesktopNotification,
  isMeant,
  type MessageFacts,
  ofMessage,
  ofMore,
  ofRequest,
  testNotification,
} from './core.ts'
import { type DesktopProgram, notifyProgram } from './program.ts'

export interface DesktopParts {
  readonly clock: Clock
  readonly log: Log
  readonly program: DesktopProgram
  readonly isOn: () => boolean
  readonly chat: Pick<Chat, 'on' | 'message' | 'channel'>
  readonly direct: Pick<Direct, 'on'>
  readonly communities: Pick<Communities, 'get'>
  readonly self: () => PersonDid
}

export interface DesktopState {
  readonly on: boolean
  /** Whether this computer can show any. */
  readonly possible: boolean
  readonly sentence: string
}

export interface Desktop {
  /** How many pages are open: they tell by themselves. */
  pagesOpen(count: number): void
  state(): DesktopState
  /** Shows one, whatever is open or switched off. Throws `notify_unavailable`, `notify_failed`. */
  test(): Promise<void>
  /** A line of the doctor. */
  diagnose(): DoctorCheck
  start(): Cancel
}

export function createDesktop(parts: DesktopParts): Desktop {
  const { clock, program, chat, direct } = parts
  const log = parts.log.child('desktop')
  const pace = new TokenBucket({
    ...{ perSecond: notificationsPerMinute / 60, burst: notificationsBurst, nowMs: clock.monotonicMs() },
  })
  let pages = 0
  let failed: string | undefined
  /** Messages that are told in a moment, unless they are read before. */
  let settling: Message[] = []
  let cancelSettling: Cancel | undefined
  let more = 0
  let cancelMore: Cancel | undefined
  let last: Promise<void> = Promise.resolve()
  let testing = false

  const isWanted = () => parts.isOn() && pages === 0 && program.find() !== undefined

  /** One program at a time; what waits is bounded by the pace, since a program that hangs is ended. */
  async function show(notification: DesktopNotification): Promise<void> {
    const mine = last.then(() => program.show(notification))
    last = mine.catch(() => undefined)
    try {
      await mine
      failed = undefined
    } catch (error) {
      failed = isPeerhoodError(error) ? error.message : String(error)
      throw error
    }
  }

  /** What comes too fast is counted, and told as a number. */
  function tell(notification: DesktopNotification): void {
    if (!pace.take(clock.monotonicMs())) {
      more += 1
      cancelMore ??= clock.after(notifySummaryMs, tellMore)
      return
    }
    show(notification).catch((error: unknown) => log.debug('notify_failed', { code: toPeerhoodError(error).code }))
  }

  function tellMore(): void {
    cancelMore = undefined
    const count = more
    more = 0
    if (count > 0 && isWanted()) tell(ofMore(count))
  }

  function factsOf(message: Message): MessageFacts | undefined {
    try {
      const { community, channel, id } = message
      return {
        message: chat.message(community, id),
        channel: chat.channel(community, channel),
        facts: parts.communities.get(community),
        self: parts.self(),
      }
    } catch (error) {
      // Gone, or not for us any more.
      if (isPeerhoodError(error)) return undefined
      throw error
    }
  }

  function settle(): void {
    cancelSettling = undefined
    const messages = settling
    settling = []
    if (!isWanted()) return
    for (const message of messages) {
      const facts = factsOf(message)
      if (facts !== undefined && isMeant(facts)) tell(ofMessage(facts))
    }
  }

  function onMessage(message: Message): void {
    // Whether a page is open is asked in a moment: one may just be closing.
    if (settling.length >= notificationsWaitingMax || message.person === parts.self() || !parts.isOn()) return
    const facts = factsOf(message)
    if (facts === undefined || !isMeant(facts)) return
    settling.push(message)
    cancelSettling ??= clock.after(notifySettleMs, settle)
  }

  return {
    pagesOpen(count) {
      pages = count
      // Whoever looks sees them.
      if (count > 0) more = 0
    },
    state: () => stateOf(parts.isOn(), program),
    async test() {
      if (testing) throw nodeErrors.notify_failed('Another one is being shown.')
      testing = true
      await show(testNotification).finally(() => {
        testing = false
      })
    },
    diagnose: () => checkOf(stateOf(parts.isOn(), program), failed),
    start() {
      const cancels = [
        chat.on((event) => void (event.type === 'message' && event.isNew && onMessage(event.message))),
        direct.on((event) => {
          if (event.type === 'request' && event.request.state === 'pending' && isWanted())
            tell(ofRequest(event.request))
        }),
      ]
      return () => {
        for (const cancel of cancels) cancel()
        cancelSettling?.()
        cancelMore?.()
      }
    },
  }
}

function stateOf(on: boolean, program: DesktopProgram): DesktopState {
  const possible = program.find() !== undefined
  if (!possible) {
    return { on, possible, sentence: `This computer has no ${notifyProgram}, with which Peerhood would show them.` }
  }
  if (!on) return { on, possible, sentence: 'They are switched off.' }
  const session = program.hasSession() ? '' : ' But Peerhood was started outside of a desktop, which may show none.'
  return { on, possible, sentence: `Messages to you are shown while no page is open.${session}` }
}

function checkOf({ on, possible, sentence }: DesktopState, failed: string | undefined): DoctorCheck {
  const base = { id: 'notifications', title: 'Desktop notifications' }
  if (!possible) {
    const advice = 'Install it (on Debian and Ubuntu the package is libnotify-bin), or keep a page open.'
    return { ...base, state: 'skipped', finding: sentence, advice }
  }
  if (!on) return { ...base, state: 'skipped', finding: sentence, advice: 'Switch them on with `peerhood notify on`.' }
  if (failed === undefined) return { ...base, state: 'ok', finding: sentence }
  const advice = 'Look whether the desktop shows those of other programs, then try `peerhood notify test`.'
  return { ...base, state: 'warning', finding: `The last one was not shown: ${failed}`, advice }
}
