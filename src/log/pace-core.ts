// How fast a device may write, judged from its own entries. docs/protocol/log.md, "Pace": each entry costs something, which
// is paid off by the time that passes between the times of its entries, and after the last one by the reader's clock. Who
// owes more than its allowance is not refused: what it writes is left where it is until it owes less. So what was written
// long ago, however much, comes at once, and a flood comes no faster than its author may write.
//
// Must stay true: what is owed follows from the device's entries and its allowance alone, so all whose clocks agree take
// the same entries.

import { actCost, costUnitBytes, wantedFactor } from './limits.ts'
import type { Allowance, Entry } from './types.ts'

/** What a device owes, as of a time. */
export interface Debt {
  readonly debt: number
  /** The latest time of its entries; 0: it has none. */
  readonly debtMs: number
}

export const noDebt: Debt = { debt: 0, debtMs: 0 }

const minuteMs = 60_000

export function costOf({ lane, bytes }: Pick<Entry, 'lane' | 'bytes'>): number {
  return Math.ceil(bytes.length / costUnitBytes) * (lane === 0 ? actCost : 1)
}

/** What is still owed at a time. */
export function debtAt({ debt, debtMs }: Debt, { perMinute }: Allowance, ms: number): number {
  return Math.max(0, debt - (Math.max(0, ms - debtMs) * perMinute) / minuteMs)
}

/** What is owed after an entry. */
export function debtAfter(before: Debt, allowance: Allowance, entry: Pick<Entry, 'lane' | 'bytes' | 'time'>): Debt {
  const { ms } = entry.time
  return { debt: debtAt(before, allowance, ms) + costOf(entry), debtMs: Math.max(before.debtMs, ms) }
}

/**
 * How long until the next entry of whoever owes this is taken; 0: now. `wanted`: others' entries name it, and must not be
 * held up because clocks differ.
 */
export function waitOf(debt: Debt, allowance: Allowance, nowMs: number, wanted = false): number {
  const owed = debtAt(debt, allowance, nowMs) - allowance.burst * (wanted ? wantedFactor : 1)
  return owed <= 0 ? 0 : Math.ceil((owed / allowance.perMinute) * minuteMs)
}
