// What the rest of Peerhood sees of how two computers meet without a link: a short code that is said aloud, or a request
// to a member. docs/protocol/meet.md is the normative page.
//
//   host()  ──► code ──(spoken)──► enter()      both prove that they know it, then exchange one sealed message each
//   ask()   ──────────────────────► onRequest   a signed request over the connection there is; the answer comes later

import type { DeviceCertificate } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerAddress, PeerId } from '../../network/types.ts'

/** What a code is for. A guest says which kind it expects, and gets nothing of another one. */
export type MeetPurpose =
  /** Lets somebody into a community. */
  | {
      readonly kind: 'member'
      readonly offer: { readonly community: CommunityId; readonly name: string; readonly role: string }
    }
  /** Makes another computer a device of this person. */
  | { readonly kind: 'device' }

export type PurposeKind = MeetPurpose['kind']

/** Who proved to know the code. The certificate is verified, and its device is the peer that we are connected to. */
export interface Guest {
  readonly peer: PeerId
  readonly certificate: DeviceCertificate
  readonly memberName: string
  readonly deviceName: string
  /** What the guest wants to say; may be empty. */
  readonly memo: string
}

/**
 * Decides about a guest, and returns what it gets (at most `answerBytesMax` bytes; the caller's format). A rejection
 * refuses it. The signal aborts when the guest is gone, the code is cancelled or `decideTimeoutMs` is over.
 */
export type GuestHandler = (guest: Guest, options: { readonly signal: AbortSignal }) => Promise<Uint8Array>

/** A code that is open. */
export interface Hosting {
  /** To be said aloud: `7-ocean-lamp`. A secret until the guest is here. */
  readonly code: string
  readonly purpose: MeetPurpose
  /** `Clock.nowMs` when it ends. */
  readonly expiresAtMs: number
  /** Wrong guesses that are still taken. */
  readonly triesLeft: number
  /**
   * Resolves when the guest has got its answer (`delivered`), or was sent it and vanished. Rejects with `code_void` (too
   * many wrong guesses), `code_expired`, `code_cancelled`, `meet_undecided`, `meet_stopped`, or as the handler did.
   */
  readonly done: Promise<{ readonly guest: Guest; readonly delivered: boolean }>
  /** Ends it; calling it twice, or after the end, does nothing. */
  cancel(): void
}

export interface EnterRequest {
  readonly certificate: DeviceCertificate
  readonly memberName: string
  readonly deviceName: string
  readonly memo?: string
  /** What the code is expected to be for; the host of another kind refuses (`code_for_other_purpose`). */
  readonly kind: PurposeKind
  /** Asked besides the peers that are connected, and before them. */
  readonly peers?: readonly PeerAddress[]
  readonly signal?: AbortSignal
}

export interface Met {
  readonly host: PeerId
  /** What the host's handler returned. */
  readonly bytes: Uint8Array
}

/** Somebody with a request link asks to be let in. */
export interface JoinRequest {
  readonly community: CommunityId
  readonly certificate: DeviceCertificate
  readonly memberName: string
  readonly deviceName: string
  /** Who one is and why one asks, at most `noteCharsMax`; may be empty. */
  readonly note: string
}

/** `from` is the device that the certificate names. */
export type RequestHandler = (request: JoinRequest, from: PeerId) => RequestVerdict | Promise<RequestVerdict>

export type RequestVerdict = 'pending' | 'refused' | { readonly admitted: Uint8Array }

export type RequestAnswer =
  /** A person has to decide; ask again no sooner than `askAgainMs`. */
  | { readonly state: 'pending'; readonly askAgainMs: number }
  | { readonly state: 'refused' }
  /** What the member's side hands over; the caller's format. */
  | { readonly state: 'admitted'; readonly bytes: Uint8Array }

export interface Meet {
  start(): Promise<void>
  /** Ends all codes and conversations. */
  stop(): Promise<void>
  /** Opens a code. Throws `codes_too_many`, `nameplate_unusable`. */
  host(purpose: MeetPurpose, handler: GuestHandler, options?: { readonly nameplate?: number }): Hosting
  /** The codes that are open. */
  hosted(): readonly Hosting[]
  /**
   * Finds who hosts the code among the peers and takes what it gives. Rejects with `code_…` and `meet_…` of errors.ts,
   * or the signal's reason.
   */
  enter(code: string, request: EnterRequest): Promise<Met>
  /** Asks a member to be let in, or how that stands. Rejects with `request_…`, `meet_…` and those of the network. */
  ask(peer: PeerAddress, request: JoinRequest, options?: { readonly signal?: AbortSignal }): Promise<RequestAnswer>
}
