// What the rest of Peerhood sees of how people and devices come in without an invitation: by a spoken code, by asking
// and being approved, and as one more device of the same person.

import type { Cancel } from '../base/ports.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import type { PeerAddress, PeerId } from '../network/types.ts'
import type { CodeEnded, OpenCode } from './code-desk.ts'
import type { RequestHandler } from './meet/types.ts'
import type { CommunityFacts } from './types.ts'

/** Somebody who asks to be let in, at a member's computer. */
export interface Applicant {
  readonly community: CommunityId
  readonly device: DeviceId
  readonly peer: PeerId
  readonly person: PersonDid
  /** Its bytes; verified when it came. */
  readonly certificate: Uint8Array
  readonly memberName: string
  readonly deviceName: string
  readonly note: string
  /** `refused`: will be told so when it asks again; `blocked`: is refused without a word each time. */
  readonly state: 'pending' | 'refused' | 'blocked'
  readonly askedMs: number
  /** When it asked last. */
  readonly lastMs: number
}

export type Decision =
  | { readonly accept: true; readonly role: string }
  /** `block`: nobody is bothered with this device, or its person, again. */
  | { readonly accept: false; readonly block: boolean }

/** What this computer asks for. */
export interface Ask {
  readonly community: CommunityId
  /** What the link calls it; a hint. */
  readonly name: string | undefined
  readonly memberName: string
  readonly note: string
  readonly peers: readonly PeerAddress[]
  /** `unanswered`: nobody decided within `askEndsMs`. */
  readonly state: 'asking' | 'refused' | 'unanswered'
  readonly askedMs: number
  /** When somebody was reached last; undefined: nobody yet. */
  readonly reachedMs: number | undefined
}

export type AdmissionEvent =
  | CodeEnded
  | { readonly type: 'request'; readonly applicant: Applicant }
  /** `admitted`: the community is being opened; what was asked for is no longer on the list. */
  | { readonly type: 'ask'; readonly ask: Ask; readonly admitted: boolean }
  /** A new device of this person has shown its certificate and was added. */
  | ({ readonly type: 'device-added'; readonly peer: PeerId; readonly name: string } & Added)

interface Added {
  /** Communities that it was added to, and those that it could not be. */
  readonly communities: number
  readonly missed: number
}

/** One of this person's devices, over all communities. */
export interface OwnDevice {
  readonly device: DeviceId
  readonly peer: PeerId
  readonly name: string
  readonly here: boolean
  /** Where it takes part; undefined state: it is in none of the communities here. */
  readonly communities: readonly CommunityId[]
  readonly addedMs: number | undefined
}

export interface DeviceJoined {
  /** Where the keystore of the person until now was put; undefined: it was the same person already. */
  readonly replaced: string | undefined
  /** What the person takes part in, and now this computer, too. */
  readonly communities: readonly CommunityFacts[]
  readonly missed: number
  /** Communities of the person until now: nothing is written there until that person is restored. */
  readonly others: readonly CommunityFacts[]
}

/** Rejects with `communityErrors`, `meetErrors`, and those of identity/, log/ and content/format. */
export interface Admission {
  start(): Promise<void>
  stop(): Promise<void>
  on(listener: (event: AdmissionEvent) => void): Cancel

  /** Opens a code that lets one person into the community. Throws `codes_too_many`, `act_not_allowed`, … */
  openCode(community: CommunityId, role: string): OpenCode
  codes(community: CommunityId): readonly OpenCode[]
  cancelCode(community: CommunityId, nameplate: number): void
  /** Comes in by a code; resolves when the community is open here, which needs its log to arrive. */
  enter(code: string, request: { readonly memberName: string; readonly signal?: AbortSignal }): Promise<CommunityFacts>

  /** A link with which others can ask to be let in; no secret. */
  requestLink(community: CommunityId): Promise<string>
  /** Who asks, and who is blocked. */
  requests(community: CommunityId): readonly Applicant[]
  decide(community: CommunityId, device: DeviceId, decision: Decision): Promise<void>
  /** For meet/: answers those who ask. */
  readonly onRequest: RequestHandler

  /** Begins to ask; goes on until there is an answer, over restarts. */
  ask(link: string, request: { readonly memberName: string; readonly note: string }): Ask
  asks(): readonly Ask[]
  cancelAsk(community: CommunityId): void

  readonly devices: DeviceAdding
}

export interface DeviceAdding {
  list(): readonly OwnDevice[]
  /** Opens a code that makes another computer one of this person's. Throws `passphrase_needed`, `passphrase_wrong`. */
  openCode(passphrase: string | undefined): Promise<OpenCode>
  codes(): readonly OpenCode[]
  cancelCode(nameplate: number): void
  /** Makes this computer one of the person who shows the code; the person until now is put aside. */
  join(
    code: string,
    options: { readonly passphrase?: string | undefined; readonly signal?: AbortSignal },
  ): Promise<DeviceJoined>
}
