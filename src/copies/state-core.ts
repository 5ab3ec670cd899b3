// What an author believes of its copies: shares, keepers, and what was placed where; what can happen to that, and what is to be
// done about it. core.ts says how the one leads to the other, plan-core.ts what is due.

import type { DiscoveryKey, ShareId } from '../content/types.ts'
import type { PeerId } from '../network/types.ts'
import type { HeldState, Refusal } from './wire.ts'

export interface ShareFacts {
  readonly id: ShareId
  readonly discovery: DiscoveryKey
  /** Copies wanted beside one's own. */
  readonly copies: number
  /** The newest version; 0: there is none yet. */
  readonly sequence: number
  /** Wire bytes of that version. */
  readonly bytes: number
}

export interface Keeper {
  readonly peer: PeerId
  label: string
  /** Bytes that it would still take; undefined: it has not said so in this run. */
  free: number | undefined
  /** When it answered last. */
  seenMs: number
  /** Since when it does not answer; undefined: it does. */
  goneMs: number | undefined
  lost: boolean
  /** How often it was lost: who is there more steadily is chosen first. */
  losses: number
  failures: number
  /** When it is asked next. */
  dueMs: number
  /** What it is being told now. */
  busy: Job | undefined
  /** It has connected since that began: when it comes to nothing, it is worth another try. */
  came: boolean
  /** The `seenMs` that was remembered last. */
  savedMs: number
  distrustedUntilMs: number
  readonly refusedUntilMs: Map<ShareId, number>
}

export interface Copy {
  readonly share: ShareId
  readonly discovery: DiscoveryKey
  readonly peer: PeerId
  /** When it was asked for first. */
  readonly placedMs: number
  /** The version that the keeper agreed to hold; 0: it was not asked yet. */
  agreedSequence: number
  state: HeldState
  /** When `state` was told; undefined: not in this run. */
  toldMs: number | undefined
  /** When more of it was there than before. */
  movedMs: number
  provenSequence: number
  provenMs: number
  /** When the keeper agreed to it last; undefined: not in this run. */
  keptMs: number | undefined
  /** Neither to prove itself nor dropped before this. */
  pausedMs: number
}

export interface CopiesState {
  readonly shares: Map<ShareId, ShareFacts>
  readonly keepers: Map<PeerId, Keeper>
  readonly copies: Map<ShareId, Map<PeerId, Copy>>
}

export type Job = 'ask' | 'keep' | 'prove' | 'drop'

export type CopiesEvent =
  /** What one shares and wants of it; `copies` 0 and gone come to the same. */
  | { readonly type: 'share'; readonly share: ShareFacts }
  | { readonly type: 'unshared'; readonly id: ShareId }
  /** A peer that may have agreed: one that said so, or that belongs to somebody one knows. */
  | { readonly type: 'met'; readonly peer: PeerId }
  | { readonly type: 'connected'; readonly peer: PeerId }
  | { readonly type: 'disconnected'; readonly peer: PeerId }
  /** It told how much it would take, and what it has of the shares it was asked about. */
  | {
      readonly type: 'offered'
      readonly peer: PeerId
      readonly free: number
      readonly label: string
      readonly states: ReadonlyMap<ShareId, HeldState>
    }
  | { readonly type: 'kept'; readonly peer: PeerId; readonly share: ShareId; readonly sequence: number }
  | { readonly type: 'dropped'; readonly peer: PeerId; readonly share: ShareId }
  /** `unknown`: we could not read our own blocks to compare. */
  | {
      readonly type: 'proved'
      readonly peer: PeerId
      readonly share: ShareId
      readonly sequence: number
      readonly how: 'right' | 'wrong' | 'unknown'
    }
  | {
      readonly type: 'refused'
      readonly peer: PeerId
      readonly share: ShareId | undefined
      readonly reason: Refusal
      readonly free: number
    }
  | { readonly type: 'unreachable'; readonly peer: PeerId }
  /** Time has passed. */
  | { readonly type: 'tick' }

export type CopiesAction =
  | { readonly type: 'ask'; readonly peer: PeerId; readonly shares: readonly Copy[] }
  | { readonly type: 'keep' | 'prove' | 'drop'; readonly peer: PeerId; readonly copy: Copy }
  /** To remember over restarts; undefined: to forget. */
  | { readonly type: 'save-keeper'; readonly peer: PeerId; readonly keeper: Keeper | undefined }
  | { readonly type: 'save-copy'; readonly share: ShareId; readonly peer: PeerId; readonly copy: Copy | undefined }

export const noState: HeldState = { has: 'none', sequence: 0, blocks: 0 }

export function createCopiesState(): CopiesState {
  return { shares: new Map(), keepers: new Map(), copies: new Map() }
}

/** Takes up what was remembered. Nothing counts before it was asked anew. */
export function restoreKeeper(
  state: CopiesState,
  { peer, label, losses, seenMs }: Pick<Keeper, 'peer' | 'label' | 'losses' | 'seenMs'>,
  nowMs: number,
): void {
  state.keepers.set(peer, { ...newKeeper(peer, nowMs), label, losses, seenMs, goneMs: nowMs })
}

export function restoreCopy(
  state: CopiesState,
  copy: Pick<Copy, 'share' | 'discovery' | 'peer' | 'placedMs' | 'agreedSequence' | 'provenSequence' | 'provenMs'>,
  nowMs: number,
): void {
  const rest = { state: noState, toldMs: undefined, keptMs: undefined, movedMs: nowMs, pausedMs: 0 }
  copiesOf(state, copy.share).set(copy.peer, { ...copy, ...rest })
}

export function newKeeper(peer: PeerId, nowMs: number): Keeper {
  return {
    peer,
    label: '',
    free: undefined,
    seenMs: Number.NEGATIVE_INFINITY,
    goneMs: undefined,
    lost: false,
    losses: 0,
    failures: 0,
    dueMs: nowMs,
    busy: undefined,
    came: false,
    savedMs: Number.NEGATIVE_INFINITY,
    distrustedUntilMs: 0,
    refusedUntilMs: new Map(),
  }
}

export function copiesOf(state: CopiesState, share: ShareId): Map<PeerId, Copy> {
  const known = state.copies.get(share)
  if (known !== undefined) return known
  const made = new Map<PeerId, Copy>()
  state.copies.set(share, made)
  return made
}

export function save(copy: Copy, out: CopiesAction[]): void {
  out.push({ type: 'save-copy', share: copy.share, peer: copy.peer, copy })
}

export function remove(state: CopiesState, { share, peer }: Copy, out: CopiesAction[]): void {
  const held = state.copies.get(share)
  held?.delete(peer)
  if (held?.size === 0) state.copies.delete(share)
  out.push({ type: 'save-copy', share, peer, copy: undefined })
}
