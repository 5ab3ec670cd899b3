// What the tests of copies/ share: keepers that exist only as facts, driven by core.ts in virtual time.

import type { DiscoveryKey, ShareId } from '../content/types.ts'
import type { PeerId } from '../network/types.ts'
import { step } from './core.ts'
import { exchangeMs } from './limits.ts'
import { copiesDueMs } from './plan-core.ts'
import {
  type CopiesAction,
  type CopiesEvent,
  type CopiesState,
  createCopiesState,
  type ShareFacts,
} from './state-core.ts'
import type { HeldState } from './wire.ts'

/** What is true of a keeper, whatever the author believes. */
export interface TrueKeeper {
  up: boolean
  agreed: boolean
  bytesMax: number
  /** Says that it has what it has not. */
  lies: boolean
  readonly held: Map<ShareId, { sequence: number; bytes: number; wholeAtMs: number }>
}

type Told = Extract<CopiesAction, { type: 'ask' | 'keep' | 'prove' | 'drop' }>

export interface CoreWorldOptions {
  /** How long a keeper takes to answer. */
  readonly answerMs: () => number
  /** How long a copy takes to arrive. */
  readonly fillMs: number
  /** Called before a keeper does what it is told. */
  readonly check?: (action: Told, world: CoreWorld) => void
}

/** The author's core against true keepers; nothing happens but by `pass`. */
export class CoreWorld {
  readonly state: CopiesState = createCopiesState()
  readonly keepers = new Map<PeerId, TrueKeeper>()
  readonly shares = new Map<ShareId, ShareFacts>()
  nowMs = 0
  readonly #options: CoreWorldOptions
  #inFlight: { readonly atMs: number; readonly action: Told; readonly reached: boolean }[] = []

  constructor(options: CoreWorldOptions) {
    this.#options = options
  }

  keeper(peer: string, bytesMax = 1e12): TrueKeeper {
    const made: TrueKeeper = { up: true, agreed: true, bytesMax, lies: false, held: new Map() }
    this.keepers.set(peer as PeerId, made)
    this.happened({ type: 'met', peer: peer as PeerId })
    return made
  }

  share(name: string, copies: number, sequence = 1, bytes = 100): void {
    const id = name as ShareId
    const discovery = new TextEncoder().encode(name.padEnd(32)) as Uint8Array as DiscoveryKey
    const share = { id, discovery, copies, sequence, bytes }
    this.shares.set(id, share)
    this.happened({ type: 'share', share })
  }

  unshare(name: string): void {
    this.shares.delete(name as ShareId)
    this.happened({ type: 'unshared', id: name as ShareId })
  }

  happened(event: CopiesEvent): void {
    for (const action of step(this.state, event, this.nowMs)) {
      if (action.type === 'save-keeper' || action.type === 'save-copy') continue
      const busy = this.#inFlight.some((other) => other.action.peer === action.peer)
      if (busy) throw new Error(`assertion failed: ${action.peer} is told two things at once`)
      const reached = this.keepers.get(action.peer)?.up === true
      this.#inFlight.push({ atMs: this.nowMs + (reached ? this.#options.answerMs() : exchangeMs), action, reached })
    }
  }

  /** Lets time pass, and everything in it happen in order. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      this.#inFlight.sort((a, b) => a.atMs - b.atMs)
      const [next] = this.#inFlight
      const dueMs = Math.min(next?.atMs ?? Number.POSITIVE_INFINITY, copiesDueMs(this.state, this.nowMs) ?? endMs + 1)
      if (dueMs > endMs) break
      this.nowMs = Math.max(this.nowMs, dueMs)
      if (next !== undefined && next.atMs <= this.nowMs) {
        this.#inFlight.shift()
        this.happened(this.#answer(next))
      } else this.happened({ type: 'tick' })
    }
    this.nowMs = endMs
  }

  /** Keepers that have all of the newest version, as a matter of fact. */
  holders(name: string): string[] {
    const share = this.shares.get(name as ShareId)
    return [...this.keepers].flatMap(([peer, { held }]) => {
      const copy = held.get(name as ShareId)
      const isWhole = copy !== undefined && copy.wholeAtMs <= this.nowMs
      return isWhole && (share === undefined || copy.sequence === share.sequence) ? [peer] : []
    })
  }

  #answer({ action, reached }: { action: Told; reached: boolean }): CopiesEvent {
    const { peer } = action
    const keeper = this.keepers.get(peer)
    if (keeper === undefined || !reached || !keeper.up) return { type: 'unreachable', peer }
    this.#options.check?.(action, this)
    const share = 'copy' in action ? action.copy.share : undefined
    if (!keeper.agreed) return { type: 'refused', peer, share, reason: 'not_agreed', free: 0 }
    if (action.type === 'ask') return this.#offer(keeper, action)
    return this.#do(keeper, action)
  }

  #offer(keeper: TrueKeeper, { peer, shares }: Extract<Told, { type: 'ask' }>): CopiesEvent {
    const states = new Map(shares.map((copy) => [copy.share, this.#stateOf(keeper, copy.share)]))
    return { type: 'offered', peer, free: this.#freeOf(keeper), label: `computer ${peer}`, states }
  }

  #stateOf(keeper: TrueKeeper, id: ShareId): HeldState {
    const copy = keeper.held.get(id)
    const sequence = copy?.sequence ?? this.shares.get(id)?.sequence ?? 0
    if (keeper.lies && sequence > 0) return { has: 'complete', sequence, blocks: 10 }
    if (copy === undefined) return { has: 'none', sequence: 0, blocks: 0 }
    const isWhole = copy.wholeAtMs <= this.nowMs
    return { has: isWhole ? 'complete' : 'partial', sequence, blocks: isWhole ? 10 : 3 }
  }

  #freeOf({ bytesMax, held }: TrueKeeper): number {
    return bytesMax - [...held.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #do(keeper: TrueKeeper, { type, peer, copy: { share } }: Exclude<Told, { type: 'ask' }>): CopiesEvent {
    const facts = this.shares.get(share)
    const copy = keeper.held.get(share)
    if (type === 'drop') {
      keeper.held.delete(share)
      return { type: 'dropped', peer, share }
    }
    if (type === 'prove') {
      const sequence = facts?.sequence ?? 0
      if (keeper.lies) return { type: 'proved', peer, share, sequence, how: 'wrong' }
      if (copy?.sequence !== sequence) return { type: 'refused', peer, share, reason: 'not_here', free: 0 }
      return { type: 'proved', peer, share, sequence, how: 'right' }
    }
    if (facts === undefined) return { type: 'refused', peer, share, reason: 'busy', free: 0 }
    const free = this.#freeOf(keeper) + (copy?.bytes ?? 0)
    if (facts.bytes > free) return { type: 'refused', peer, share, reason: 'full', free }
    const wholeAtMs = this.nowMs + this.#options.fillMs
    if (copy?.sequence !== facts.sequence && !keeper.lies) {
      keeper.held.set(share, { sequence: facts.sequence, bytes: facts.bytes, wholeAtMs })
    }
    return { type: 'kept', peer, share, sequence: facts.sequence }
  }
}
