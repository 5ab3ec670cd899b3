// What a community's log says of its ledger, as the service here sees it; apps/ledger reads and writes the entries. The log
// says who would validate, which account is whose, and what the ledger began as; from then on the chain says the rest.

import type { Cancel } from '../base/ports.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, DeviceId, EntryId } from '../log/types.ts'
import type { PeerId } from '../network/types.ts'
import type { SignedChange } from './thread/messages.ts'
import type { Address } from './types.ts'

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
  /** Says that this device would validate under this address, or no longer would. */
  sayWilling(community: CommunityId, options: { readonly secret: Uint8Array; readonly willing: boolean }): Promise<void>
  /** Says that this account is this person's; `proof` by {@link accountText}, as wallets sign texts (EIP-191). */
  sayAccount(community: CommunityId, account: { readonly address: Address; readonly proof: Uint8Array }): Promise<void>
  /** Founds the ledger. Throws `ledger_not_allowed`. */
  publish(community: CommunityId, genesis: Uint8Array): Promise<EntryId>
  /** Whether this person may found it. */
  mayFound(community: CommunityId): boolean
  on(listener: (community: CommunityId) => void): Cancel
}
