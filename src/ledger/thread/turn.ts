// Whose turn it is among validators that could all do the same: each waits for those before it, so that one does it and none that is
// away holds it up.

import { type Clock, sleep } from '../../base/ports.ts'
import { admitStaggerMs } from '../limits.ts'

export interface TurnParts {
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Resolves when the validator at `place` of `count` may. `first`: whose turn is the first, counted round. Throws once stopped. */
export async function waitTurn(
  { place, count, first }: { readonly place: number; readonly count: number; readonly first: number },
  { clock, signal }: TurnParts,
): Promise<void> {
  const rank = (place - (first % count) + count) % count
  if (rank > 0) await sleep(clock, rank * admitStaggerMs, { signal })
}
