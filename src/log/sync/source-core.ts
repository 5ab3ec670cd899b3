// Which peers may send us what we lack. Pure. One peer sends the bulk: three that send the same hundred thousand entries help
// nobody. The others wait until it is level or stalls; who has nothing that we lack may send at once, as what it sends then is
// new.

import { sourceStallMs } from './limits.ts'
import type { Session } from './session-types.ts'

export type SourceView = Pick<Session, 'key' | 'isTold' | 'flows' | 'flowed' | 'isLevelIn' | 'progressMs' | 'weLack'>

/** The keys of those that may send from now on. */
export function chooseFlows(sessions: readonly SourceView[], nowMs: number): ReadonlySet<number> {
  const chosen = new Set<number>()
  const waiting = sessions.filter(({ isTold, flowed }) => isTold && !flowed).map(withLack)
  for (const { key, lack } of waiting) if (lack === 0) chosen.add(key)
  const behind = waiting.filter(({ lack }) => lack > 0)
  if (behind.length === 0 || sessions.some((session) => isSource(session, nowMs))) return chosen
  const most = behind.reduce((best, one) => (one.lack > best.lack ? one : best))
  return chosen.add(most.key)
}

const withLack = (session: SourceView) => ({ key: session.key, lack: session.weLack() })

/** It is sending what we lack, and gets on with it. */
export function isSource(session: SourceView, nowMs: number): boolean {
  return session.flows && !session.isLevelIn && nowMs - session.progressMs < sourceStallMs && session.weLack() > 0
}
