// Proofs of accounts and slots (EIP-1186), out of the tries of a state.

import type { Address, Hash } from '../types.ts'
import { bytesOfHex, emptyAccount, hashOf, keyOf, keyOfHex } from './account-wire.ts'
import type { ExecutionParts } from './execute.ts'
import { bytesToBigint } from './rlp.ts'
import type { StateView } from './states.ts'
import { prove } from './trie.ts'
import { StoredTrie } from './trie-store.ts'
import type { AccountProof } from './types.ts'

export function proofOf(
  { store, hashes }: ExecutionParts,
  view: StateView,
  address: Address,
  keys: readonly Hash[],
): AccountProof {
  const key = keyOfHex(address)
  const owner = hashes.of(key)
  const found = view.account(key)
  const account = found ?? emptyAccount
  const storage = found === undefined ? undefined : view.storageTrie(key, found)
  return {
    address,
    balance: account.balance,
    nonce: account.nonce,
    codeHash: hashOf(account.codeHash),
    storageHash: hashOf(account.storageRoot),
    accountProof: prove(view.accountTrie(), owner, new StoredTrie(store, undefined, view.diskHeight)),
    storageProof: keys.map((slot) => ({
      key: slot,
      value: bytesToBigint(view.slot(key, keyOf(bytesOfHex(slot)))),
      proof: prove(storage, hashes.of(keyOfHex(slot)), new StoredTrie(store, owner, view.diskHeight)),
    })),
  }
}
