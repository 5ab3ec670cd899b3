// The account that a person is known by in a ledger: the first of their phrase (identity/core.ts), which any wallet opens too.

import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { assert } from '../base/errors.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId } from '../log/types.ts'
import { accountText, signDigest, textDigest } from './keys.ts'

/** BIP-44: Ethereum, first account, first address; identity/core.ts has the same. */
const accountPath = "m/44'/60'/0'/0/0"

/** What shows the community that the account is this person's. The secret is in memory for this call only. */
export function accountProof(phrase: string, community: CommunityId, person: PersonDid): Uint8Array {
  const { privateKey } = HDKey.fromMasterSeed(mnemonicToSeedSync(phrase)).derive(accountPath)
  assert(privateKey !== null, 'a key derived from a seed is whole')
  return signDigest(textDigest(accountText(community, person)), privateKey)
}
