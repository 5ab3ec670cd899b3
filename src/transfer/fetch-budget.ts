// One bound on block memory for all fetches together: what was asked and what arrived but is not written.

import { fetchBytesMax } from './limits.ts'

/** What the budget must know of a fetch. */
export interface Budgeted {
  readonly bytesOutstanding: number
  readonly bytesArrived: number
  fill(): void
}

export interface FetchBudget {
  readonly drivers: Set<Budgeted>
  /** How much more may be asked, and whether a peer that owes nothing may be asked for one block in any case. */
  room(): { readonly budgetBytes: number; readonly mayExceed: boolean }
  /** Lets every fetch ask, each call beginning with another. */
  fillAll(): void
}

export function createFetchBudget(bytesMax: number = fetchBytesMax): FetchBudget {
  const drivers = new Set<Budgeted>()
  let turn = 0
  return {
    drivers,
    room() {
      let outstanding = 0
      let arrived = 0
      for (const driver of drivers) {
        outstanding += driver.bytesOutstanding
        arrived += driver.bytesArrived
      }
      return { budgetBytes: bytesMax - outstanding, mayExceed: arrived < bytesMax / 2 }
    },
    fillAll() {
      const all = [...drivers]
      turn = all.length === 0 ? 0 : (turn + 1) % all.length
      for (let i = 0; i < all.length; i++) all[(turn + i) % all.length]?.fill()
    },
  }
}
