// What the rest of Peerhood sees of how two persons who share no community come to talk: a request that can be accepted,
// refused or blocked. docs/protocol/direct.md is the normative page.
//
//   contact link ──ask──► waiting ──► delivered ──accept──► a community of two (community/) ──► chat
//                                          ├──refuse──► told, and not heard again for a while
//                                          └──block───► the same, and nothing more of theirs

import type { Cancel } from '../../base/ports.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerAddress, PeerId } from '../../network/types.ts'
import type { CommunityFacts } from '../types.ts'
import type { RequestId } from './wire.ts'

/**
 * Who may ask this person. `link`: everybody who was given the contact link, and those with whom they share a community;
 * `community`: only the latter.
 */
export type WhoMayAsk = 'link' | 'community' | 'nobody'

export interface Contact {
  readonly person: PersonDid
  /** Six words that tell this person from all others. */
  readonly words: readonly string[]
  /** What the link calls them; undefined: nothing. */
  readonly name: string | undefined
  readonly who: WhoMayAsk
  /** To hand on; whoever has it may ask. */
  readonly link: string
}

/** Somebody asks this person. */
export interface Request {
  readonly id: RequestId
  readonly person: PersonDid
  readonly peer: PeerId
  /** By their own word. */
  readonly name: string
  readonly text: string
  readonly community: CommunityId
  /** `withdrawn`: whoever asked took it back. */
  readonly state: 'pending' | 'accepted' | 'refused' | 'withdrawn'
  /** When it was made, by the asker's clock, and when it came. */
  readonly askedMs: number
  readonly receivedMs: number
}

/**
 * What this person asks. `waiting`: nobody was reached yet; `delivered`: the other's computer has it; `accepted`: the other
 * comes in as soon as the computers reach each other; `crossed`: both asked, and theirs goes first; `failed`: see `reason`.
 */
export type AskState = 'waiting' | 'delivered' | 'accepted' | 'crossed' | 'refused' | 'expired' | 'failed'

/** Why an ask was refused or failed. */
export type AskReason = 'declined' | 'closed' | 'link_needed' | 'later' | 'not_here' | 'clock' | 'other_person'

export interface Ask {
  readonly id: RequestId
  readonly person: PersonDid
  /** What their link, or a community, calls them. */
  readonly name: string
  readonly memberName: string
  readonly text: string
  readonly community: CommunityId
  readonly peers: readonly PeerAddress[]
  readonly state: AskState
  readonly reason: AskReason | undefined
  readonly askedMs: number
  /** When the other's computer was reached last; undefined: not yet. */
  readonly reachedMs: number | undefined
  /** `later`: not before that. */
  readonly againMs: number | undefined
}

export interface Blocked {
  readonly person: PersonDid
  /** What they called themselves when they were blocked; may be empty. */
  readonly name: string
  readonly sinceMs: number
}

/** What was decided last about a person, here or on another computer of theirs who decided. */
export interface BlockChange {
  readonly person: PersonDid
  readonly name: string
  /** When, milliseconds since 1970; the later one counts. */
  readonly ms: number
  readonly blocked: boolean
}

export type DirectEvent =
  | { readonly type: 'request'; readonly request: Request }
  /** `conversation`: it is over, and this is what came of it. `cancelled`: by this person. */
  | {
      readonly type: 'ask'
      readonly ask: Ask
      readonly conversation: CommunityId | undefined
      readonly cancelled: boolean
    }
  | { readonly type: 'blocked'; readonly person: PersonDid; readonly blocked: boolean }
  | { readonly type: 'contact' }

export interface AskRequest {
  /** A contact link, or the id of a peer of somebody in a community of this person. */
  readonly to: string
  readonly memberName: string
  readonly text: string
}

/** Rejects with `directErrors`, `communityErrors`, and those of log/ and content/format. */
export interface Direct {
  start(): Promise<void>
  stop(): Promise<void>
  on(listener: (event: DirectEvent) => void): Cancel
  /** This computer has become another person's. */
  personChanged(): void

  contact(): Contact
  changeContact(patch: { readonly name?: string; readonly who?: WhoMayAsk }): Contact
  /** A new token: links that were given out before are good for nothing. */
  renewContact(): Contact

  /** Begins to ask; goes on until there is an answer, over restarts. */
  ask(request: AskRequest): Promise<Ask>
  asks(): readonly Ask[]
  /** Takes it back, or off the list when it is over. */
  cancel(id: RequestId): Promise<void>

  /** Those that wait for this person. */
  requests(): readonly Request[]
  accept(id: RequestId, memberName: string): Promise<CommunityFacts>
  refuse(id: RequestId): Promise<void>

  blocked(): readonly Blocked[]
  block(person: PersonDid): Promise<Blocked>
  unblock(person: PersonDid): Promise<void>
  /** All who are blocked, and who no longer are, for other computers of this person. */
  blockChanges(): readonly BlockChange[]
  /** What another computer of this person knows: of each person the last change counts. */
  mergeBlocks(others: readonly BlockChange[]): Promise<void>
}
