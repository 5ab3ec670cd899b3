// What a community's log says of its ledger, as the service here sees it; apps/ledger reads and writes the entries. The log
// says who would validate, which account is whose, and what the ledger began as; from then on the chain says the rest.

import type { Cancel } from '../base/ports.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, DeviceId, EntryId } from '../log/types.ts'
import type { PeerId } from '../network/types.ts'
import type { ChosenChain } from './choice-core.ts'
import type { SignedChange, SignedMembers } from './thread/messages.ts'
import type { Address } from './types.ts'
import type { Checkpoint } from './validator/types.ts'

/** A device of a member that would validate, by its own signed word. */
export interface Willing {
  readonly person: PersonDid
  readonly device: DeviceId
  readonly peerId: PeerId
  /** What its votes are recovered to. */
  readonly address: Address
  /** Ms since 1970, by the device's clock. */
  readonly sinceMs: number
}

/** The account of a member, by the account's own signature. */
export interface AccountOf {
  readonly person: PersonDid
  readonly address: Address
}

/** A founding, as its entry says it; whether it can be opened is another matter. */
export interface Founding {
  readonly entry: EntryId
  readonly by: PersonDid
  readonly atMs: number
  /** `decodeGenesis` reads them. */
  readonly bytes: Uint8Array
}

/** A device's newest word on who is to follow as validators. */
export interface Agreed extends SignedChange {
  readonly person: PersonDid
}

/** A device's newest word on who is to become a member of the chain, and who no longer. */
export interface SaidMembers extends SignedMembers {
  readonly person: PersonDid
}

/** A device's word that a block is final, and who decides after it; signed by its validator key. */
export interface SaidCheckpoint {
  readonly person: PersonDid
  readonly device: DeviceId
  /** Of the key that signed. */
  readonly address: Address
  readonly checkpoint: Checkpoint
}

/** Which chain the community uses, by the newest word of those who may say so. */
export interface Choice {
  readonly person: PersonDid
  readonly atMs: number
  /** Undefined: its own. */
  readonly chain: ChosenChain | undefined
}

export interface Announced {
  /** In the order of the log: the first that is one is the community's. */
  geneses(community: CommunityId): readonly Founding[]
  /** Of active members' active devices, by peer id. */
  willing(community: CommunityId): readonly Willing[]
  /** Of active members, by person. */
  accounts(community: CommunityId): readonly AccountOf[]
  /** Of active members' active devices; whose signatures count, the chain says. */
  changes(community: CommunityId): readonly Agreed[]
  sayChange(community: CommunityId, change: SignedChange): Promise<void>
  /**
   * Addresses that were announced here and are nobody's now: of who left or was removed, of who has another account since, of
   * devices that would validate no more. They are to be no members of the chain.
   */
  gone(community: CommunityId): readonly AccountOf[]
  /** Of active members' active devices; whose signatures count, the chain says. */
  memberWords(community: CommunityId): readonly SaidMembers[]
  sayMembers(community: CommunityId, word: SignedMembers): Promise<void>
  /** Of active members' active devices, the newest few of each. */
  checkpoints(community: CommunityId): readonly SaidCheckpoint[]
  sayCheckpoint(
    community: CommunityId,
    options: { readonly secret: Uint8Array; readonly checkpoint: Checkpoint },
  ): Promise<void>
  /** Undefined: nobody has said anything, so it is its own. */
  choice(community: CommunityId): Choice | undefined
  /** Says which chain the community uses. Throws `ledger_not_allowed`. */
  sayChoice(community: CommunityId, chain: ChosenChain | undefined): Promise<void>
  /** Says that this device would validate under this address, or no longer would. */
  sayWilling(community: CommunityId, options: { readonly secret: Uint8Array; readonly willing: boolean }): Promise<void>
  /** Says that this account is this person's; `proof` by {@link accountText}, as wallets sign texts (EIP-191). */
  sayAccount(community: CommunityId, account: { readonly address: Address; readonly proof: Uint8Array }): Promise<void>
  /** Founds the ledger. Throws `ledger_not_allowed`. */
  publish(community: CommunityId, genesis: Uint8Array): Promise<EntryId>
  /** Whether this person may found it, and choose the chain. */
  mayFound(community: CommunityId): boolean
  on(listener: (community: CommunityId) => void): Cancel
}
