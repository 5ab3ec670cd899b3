// Whom to dial next, and when. Pure: candidates and time in, choices out. Bootstrap peers come first and are always
// wanted, then peers of the local network, then remembered ones until `redialTarget` peers are connected.

import {
  bootstrapPauseMaxMs,
  bootstrapPauseMinMs,
  lanPeersMax,
  redialPauseMaxMs,
  redialPauseMinMs,
  redialTarget,
} from './limits.ts'
import type { PeerId } from './types.ts'

export type CandidateKind = 'bootstrap' | 'mdns' | 'remembered'

export interface Candidate {
  readonly peerId: PeerId
  readonly addresses: readonly string[]
  readonly kind: CandidateKind
  readonly failures: number
  /** Monotonic; not before. */
  readonly notBeforeMs: number
}

export interface Choice {
  readonly dial: readonly Candidate[]
  /** How long until another look is worth while; undefined when nothing waits. */
  readonly waitMs: number | undefined
}

const order: Readonly<Record<CandidateKind, number>> = { bootstrap: 0, mdns: 1, remembered: 2 }
const connectedMaxOf: Readonly<Record<CandidateKind, number>> = {
  bootstrap: Number.POSITIVE_INFINITY,
  mdns: lanPeersMax,
  remembered: redialTarget,
}

/** At most `free` of the candidates that are due, wanted and not `busy` (connected, or being dialled). */
export function chooseDials(
  candidates: readonly Candidate[],
  state: { readonly nowMs: number; readonly free: number; readonly connected: number },
  isBusy: (peerId: PeerId) => boolean,
): Choice {
  const wanted = candidates
    .filter((candidate) => !isBusy(candidate.peerId) && state.connected < connectedMaxOf[candidate.kind])
    .sort((a, b) => order[a.kind] - order[b.kind] || a.notBeforeMs - b.notBeforeMs)
  const dial = wanted.filter((candidate) => candidate.notBeforeMs <= state.nowMs).slice(0, Math.max(0, state.free))
  const rest = wanted.filter((candidate) => !dial.includes(candidate))
  if (rest.length === 0 || state.free <= dial.length) return { dial, waitMs: undefined }
  const nextMs = Math.min(...rest.map((candidate) => candidate.notBeforeMs))
  return { dial, waitMs: Math.max(0, nextMs - state.nowMs) }
}

/** How long to leave a peer alone after its `failures`th failed dial; `jitter` in [0, 1) spreads the peers of a network. */
export function pauseAfter(kind: CandidateKind, failures: number, isAlone: boolean, jitter: number): number {
  const eager = kind === 'bootstrap' && isAlone
  const min = eager ? bootstrapPauseMinMs : redialPauseMinMs
  const max = eager ? bootstrapPauseMaxMs : redialPauseMaxMs
  return Math.min(max, min * 2 ** Math.max(0, failures - 1)) * (0.75 + jitter / 2)
}
