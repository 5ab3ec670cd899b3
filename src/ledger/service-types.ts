// What ledgers as a whole offer to node/ and, through it, to API, CLI and wallet.

import type { Cancel } from '../base/ports.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, EntryId } from '../log/types.ts'
import type { DoctorCheck, PeerId } from '../network/types.ts'
import type { AccountOf, Agreed, Choice, SaidMembers, Willing } from './announced.ts'
import type { Genesis } from './chain/types.ts'
import type { ChosenChain } from './choice-core.ts'
import type { HostState, RpcPort } from './host.ts'
import type { InStepStanding } from './in-step.ts'
import type { Answers, Head, Question } from './thread/messages.ts'
import type { Address, Hash } from './types.ts'

/** The founding that counts. */
export interface Founded {
  readonly entry: EntryId
  readonly by: PersonDid
  readonly atMs: number
  readonly genesis: Genesis
  /** How many others there are, which don't count. */
  readonly others: number
}

/** What a person chose for one ledger on this computer. */
export interface LedgerSettings {
  /** `light`: headers and proofs only; `full`: everything. */
  readonly mode: 'full' | 'light'
  /** Blocks whose states are kept; null: all of them (an archive). */
  readonly statesKept: number | null
  /** Web pages that may ask it over RPC, as `https://host`. */
  readonly origins: readonly string[]
}

/** A recovery that the person confirmed on this computer. */
export interface KeptRecovery {
  /** The one that begins with it. */
  readonly epoch: number
  readonly fingerprint: string
  /** `encodeRecovery`. */
  readonly file: Uint8Array
  readonly confirmedMs: number
}

export interface LedgerFacts {
  readonly community: CommunityId
  /** Undefined: none was founded yet. */
  readonly founded: Founded | undefined
  readonly settings: LedgerSettings
  /** Undefined: there is none, or it isn't open here. */
  readonly thread: HostState | undefined
  readonly genesisHash: Hash | undefined
  readonly head: Head | undefined
  /** This device's validator address, whether it validates or not. */
  readonly validator: Address
  readonly isWilling: boolean
  readonly mayFound: boolean
  /** This person's account in it; undefined: not announced. */
  readonly account: Address | undefined
  readonly willing: readonly Willing[]
  readonly accounts: readonly AccountOf[]
  readonly linked: readonly PeerId[]
  /** What was said of who is to follow. */
  readonly changes: readonly Agreed[]
  /** Addresses that are nobody's here any more. */
  readonly gone: readonly AccountOf[]
  /** What validators said of the chain's members. */
  readonly memberWords: readonly SaidMembers[]
  /** How far the chain is from the community; undefined: it is not open. */
  readonly standing: InStepStanding | undefined
  /** Which chain the community uses; undefined: nobody has said anything, so it is its own. */
  readonly choice: Choice | undefined
}

export interface LedgerFoundRequest {
  readonly name: string | undefined
  readonly coin: { readonly name: string; readonly symbol: string } | undefined
  /** Peer ids; undefined: all that announced it. */
  readonly validators: readonly PeerId[] | undefined
  /** Wei that the founder has at the start. */
  readonly supply: bigint
  readonly quota: Genesis['quota'] | undefined
  readonly strangerFee: bigint | undefined
  readonly blockTimeMs: number | undefined
  /** Of the keystore, where there is one. */
  readonly passphrase: string | undefined
}

export type LedgersEvent =
  | { readonly type: 'ledger'; readonly community: CommunityId }
  | { readonly type: 'head'; readonly community: CommunityId; readonly head: Head }

export interface Recovering {
  kept(community: CommunityId): readonly KeptRecovery[]
  /** A file that is not signed yet: who is to decide, by peer id or address. Throws `ledger_validator_unknown`. */
  state(community: CommunityId, validators: readonly string[], options?: AskOptions): Promise<Uint8Array>
  /**
   * For good: the person has compared the fingerprint with the others. The ledger is opened anew with it. Throws
   * `ledger_fingerprint_other`, `ledger_recovery_refused`, `ledger_recovery_other`.
   */
  confirm(community: CommunityId, file: Uint8Array, fingerprint: string): Promise<void>
  /** Takes a confirmation back, as long as the chain has not gone on by it. Throws `ledger_recovery_taken`. */
  forget(community: CommunityId, epoch: number): Promise<void>
}

export interface AskOptions {
  readonly signal?: AbortSignal
}

/** Rejects with `ledgerErrors`, those of the chain and the pool, and of communities. */
export interface Ledgers {
  start(): Promise<void>
  stop(): Promise<void>
  facts(community: CommunityId): LedgerFacts
  /** Communities whose ledger is open here. */
  list(): readonly CommunityId[]
  found(community: CommunityId, request: LedgerFoundRequest): Promise<LedgerFacts>
  /** Says whether this computer would validate, and tells the person's account where that was not done. */
  offer(
    community: CommunityId,
    offer: { readonly willing: boolean; readonly passphrase: string | undefined },
  ): Promise<LedgerFacts>
  /** Tells the community this person's account. Throws `ledger_account_locked` and what the keystore throws. */
  announceAccount(community: CommunityId, passphrase: string | undefined): Promise<void>
  /**
   * Says, as one of the validators in force, that these are to follow: devices that offer it, and validators that stay, by peer id
   * or address. Once a quorum says the same it happens. Throws `ledger_not_validator`, `ledger_validator_unknown`.
   */
  agree(community: CommunityId, validators: readonly string[]): Promise<LedgerFacts>
  /** Says which chain the community uses, undefined for its own. Throws `ledger_not_allowed`. */
  choose(community: CommunityId, chain: ChosenChain | undefined): Promise<LedgerFacts>
  /** What those who are left of too many lost validators do: docs/recovery.md. */
  readonly recovering: Recovering
  changeSettings(community: CommunityId, patch: Partial<LedgerSettings>): Promise<LedgerFacts>
  ask<What extends Question['what']>(
    community: CommunityId,
    question: Extract<Question, { what: What }>,
    options?: AskOptions,
  ): Promise<Answers[What]>
  /** One JSON-RPC body over HTTP, of this caller: callers take turns. */
  rpc(community: CommunityId, body: string, caller?: string): Promise<string | undefined>
  /** One WebSocket. */
  openRpc(community: CommunityId, note: (text: string) => boolean, over: () => void): RpcPort
  /** Whether a page of this origin may ask. */
  allowsOrigin(community: CommunityId, origin: string): boolean
  diagnose(): Promise<readonly DoctorCheck[]>
  on(listener: (event: LedgersEvent) => void): Cancel
}
