// What the rest of Peerhood sees of copies: how many of a share are to be where (as their author), and for whom this
// computer keeps some (as a keeper). docs/protocol/copies.md is the normative page.

import type { Cancel } from '../base/ports.ts'
import type { ShareId } from '../content/types.ts'
import type { PersonDid } from '../identity/types.ts'
import type { PeerAddress, PeerId } from '../network/types.ts'
import type { Standing } from './plan-core.ts'

export interface CopyView {
  readonly peer: PeerId
  /** What the keeper calls its computer; by its own word. */
  readonly label: string
  readonly standing: Standing
  /** Version that it has; 0: none. */
  readonly sequence: number
  readonly blocks: number
  /** Wall clock, as all times here. */
  readonly placedMs: number
  /** When it last showed random blocks of the newest version; undefined: not yet. */
  readonly provenMs: number | undefined
}

export interface ShareCopies {
  readonly share: ShareId
  /** How many are wanted beside the author's own. */
  readonly copies: number
  readonly alive: number
  readonly where: readonly CopyView[]
  /** How it stands, for a person. */
  readonly sentence: string
}

/** A computer that agreed to keep copies for this person. */
export interface KeeperView {
  readonly peer: PeerId
  readonly label: string
  readonly state: 'here' | 'away' | 'lost'
  /** Bytes that it would still take; undefined: not known in this run. */
  readonly free: number | undefined
  readonly copies: number
  readonly seenMs: number | undefined
}

/** This computer keeps copies of what a person asks it to. */
export interface Agreement {
  readonly person: PersonDid
  /** What their link called them; may be empty. */
  readonly name: string
  readonly bytesMax: number
  /** Wire bytes of the versions that are held, or on their way. */
  readonly bytes: number
  readonly copies: number
  readonly sinceMs: number
  /** When a computer of that person asked last; undefined: never. */
  readonly askedMs: number | undefined
}

/** Rejects with `copiesErrors`. */
export interface Copies {
  start(): Promise<void>
  stop(): Promise<void>
  /** Something of what is listed here changed. */
  on(listener: (change: { readonly share?: ShareId }) => void): Cancel

  /** Own shares that are to have copies, or still have some. */
  shares(): readonly ShareCopies[]
  share(id: ShareId): ShareCopies
  /** `copies`: beside one's own; 0: no longer. */
  set(id: ShareId, copies: number): ShareCopies
  keepers(): readonly KeeperView[]
  /** Where copies of a share that are alive were reached: to name in its link. */
  holders(share: ShareId): readonly PeerAddress[]

  agreements(): readonly Agreement[]
  /** `to`: a contact link or did:key:…. Agreeing again changes how much. */
  agree(to: string, bytesMax: number): Agreement
  /** Ends it, and deletes what is held for that person and nobody else. */
  end(person: PersonDid): Promise<void>
  /** Whoever runs this computer removes a copy: it is not taken again. */
  decline(share: ShareId): void
}
